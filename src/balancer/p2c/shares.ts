/** No weight counts as less of the largest: loads stay finite. */
const LEAST = 1e-6;

/** Weights as shares, their mean being 1: that all weigh 100 says nothing, and must not make a call in flight count a hundredth. */
export function shares(weights: readonly number[]): Float64Array {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, weight);
  const parts = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < parts.length; i++) {
    parts[i] = Math.max(weights[i]! / largest, LEAST);
    total += parts[i]!;
  }
  const mean = total / parts.length;
  for (let i = 0; i < parts.length; i++) parts[i]! /= mean;
  return parts;
}
