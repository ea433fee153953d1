/** A seeded generator of numbers in [0, 1): sfc32 of PractRand, so that a run can be repeated exactly. */
export function seeded(seed: number): () => number {
  let a = seed | 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Draws from a distribution with mean 1. */
export type Draw = (random: () => number) => number;

export const exponential: Draw = (random) => -Math.log(1 - random());

/** Pareto with this shape, cut at 1,000 times the mean: service times with a heavy tail. */
export function pareto(shape: number): Draw {
  const low = (shape - 1) / shape;
  return (random) => Math.min(1_000, low * (1 - random()) ** (-1 / shape));
}

/** Within a fifth of the mean, evenly. */
export const steady: Draw = (random) => 0.8 + 0.4 * random();

/** Standard normal, by Box and Muller: it has mean 0, so it is no Draw. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Lognormal with this deviation of the logarithm, cut at 1,000 times the mean. */
export function lognormal(deviation: number): Draw {
  return (random) => Math.min(1_000, Math.exp(deviation * normal(random) - deviation ** 2 / 2));
}

/** Normal with a deviation as large as its mean, cut at 0 and brought back to mean 1: Prequal's testbed. */
export const truncatedNormal: Draw = (random) => Math.max(0, 1 + normal(random)) / MEAN_CUT_AT_0;
/** Of max(0, 1 + z): Phi(1) + phi(1). */
const MEAN_CUT_AT_0 = 1.0833;
