/** A straight line through samples, and how sure its slope is. */
export interface Trend {
  /** Growth over the whole time of the samples, by the line. */
  readonly growth: number;
  /** The growth is this or more with a certainty of 99.9 %. Below 0: it may well be none. */
  readonly atLeast: number;
}

/** Of the normal distribution, for a certainty of 99.9 % on one side. */
const CERTAIN = 3.09;

/**
 * The least-squares line. Samples that resemble the one before them say less than as many independent ones: their number is
 * reduced by the correlation of neighbouring residuals, n (1 - r) / (1 + r) (Bartlett 1935).
 * @param samples at least four, `[when, how much]`.
 */
export function trend(samples: readonly (readonly [number, number])[]): Trend {
  const count = samples.length;
  const mean = (of: (sample: readonly [number, number]) => number) =>
    samples.reduce((sum, one) => sum + of(one), 0) / count;
  const [atMean, valueMean] = [mean(([at]) => at), mean(([, value]) => value)];
  const spread = samples.reduce((sum, [at]) => sum + (at - atMean) ** 2, 0);
  const slope = samples.reduce((sum, [at, value]) => sum + (at - atMean) * (value - valueMean), 0) / spread;
  const residuals = samples.map(([at, value]) => value - valueMean - slope * (at - atMean));
  const squares = residuals.reduce((sum, one) => sum + one ** 2, 0);
  const neighbours = residuals.slice(1).reduce((sum, one, i) => sum + one * residuals[i]!, 0);
  const alike = squares > 0 ? Math.min(0.95, Math.max(0, neighbours / squares)) : 0;
  const independent = Math.max(3, (count * (1 - alike)) / (1 + alike));
  const error = Math.sqrt((squares / count / (independent - 2)) * (count / spread));
  const time = samples.at(-1)![0] - samples[0]![0];
  return { growth: slope * time, atLeast: (slope - CERTAIN * error) * time };
}
