/** By so much two readings of a clock may differ without anybody having set it, in milliseconds. */
const SAME_MS = 1_000;

let offset = performance.timeOrigin;

/**
 * What is added to milliseconds of performance.now to have those since the epoch. It stays the same, so that what lies between two
 * moments stays exact, until the clock has been set or the machine has slept: performance.timeOrigin knows of neither.
 */
export function epochOffset(): number {
  const now = Date.now() - performance.now();
  if (Math.abs(now - offset) > SAME_MS) offset = now;
  return offset;
}
