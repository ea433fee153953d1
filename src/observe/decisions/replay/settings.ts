/** What is to be different; what is left out is as it was recorded. */
export interface ReplaySettings {
  /** Default p2c_ewma. */
  readonly policy?: "p2c_ewma" | "round_robin";
  /** The zone of the client; empty for no preference. */
  readonly zone?: string;
  /** So many instances are called at most; 0 = all that were called. */
  readonly subset?: number;
  /** Weights by instance; those not named keep theirs. */
  readonly weights?: Readonly<Record<string, number>>;
  /** A second copy of a call that has not ended after so many milliseconds; the first answer wins. Default none. */
  readonly hedgeMs?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** @throws TypeError that names the setting that cannot be obeyed. */
export function checkSettings({ policy, subset = 0, hedgeMs, weights = {} }: ReplaySettings): void {
  if (policy !== undefined && policy !== "p2c_ewma" && policy !== "round_robin") {
    throw new TypeError(`policy is ${JSON.stringify(policy)}; expected p2c_ewma or round_robin`);
  }
  if (!Number.isInteger(subset) || subset < 0)
    throw new TypeError(`subset is ${subset}; expected a whole number, 0 for all`);
  if (hedgeMs !== undefined && !(hedgeMs > 0))
    throw new TypeError(`hedgeMs is ${hedgeMs}; expected milliseconds above 0`);
  for (const [instance, weight] of Object.entries(weights)) {
    if (!(weight > 0)) throw new TypeError(`the weight of ${instance} is ${weight}; expected a number above 0`);
  }
}
