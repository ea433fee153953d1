import { EXPONENTIAL_NOISE, LEAST_NOISE, MEAN_CALLS, MOST_NOISE, NOISE_CALLS } from "./constants.js";
import { type Kind, Kinds } from "./kinds.js";

/** A longer step of the clock is taken for this, so that sums stay finite and exact. */
const LONGEST_MS = 3_600_000;

/** What the instances of one balancer share: the time, the picks, the kinds of calls, and how latencies vary. */
export class Pool {
  readonly kinds = new Kinds();
  readonly #clock: () => number;
  // V8 updates a field in place, without allocation, that has never held anything but fractions.
  #read = Number.NaN;
  #latencies = 0;
  /** Milliseconds since the balancer was made. Never runs backwards, whatever the clock does. */
  time = 0.5;
  /** Picks so far. */
  picks = 0;
  /** Those whose call is over, never began, or goes on as a stream that has answered; the others are in flight. */
  over = 0;
  /** Instances there are. */
  size = 0;
  /** Mean latency of calls of any kind, in milliseconds; 0 before the first. */
  meanMs = 0.5 - 0.5;
  /** What calls of a usual kind take, as a root. */
  unit = -0;
  /** Mean of the latencies as they are compared. */
  mean = -0;
  #answers = -0;
  /** How much latencies at one instance vary from one call to the next, those of exponential service times being 1. */
  noise = 1.5;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#read = clock();
    this.noise = 1;
  }

  /** Reads the clock. */
  tick(): void {
    const read = this.#clock();
    const step = read - this.#read;
    this.#read = read;
    if (step > 0) this.time += Math.min(step, LONGEST_MS);
  }

  learn(kind: Kind, latencyMs: number, compared: number): void {
    this.#answers += 1;
    if (this.#latencies < MEAN_CALLS) this.#latencies += 1;
    this.meanMs += (latencyMs - this.meanMs) / this.#latencies;
    const times = kind.learn(latencyMs);
    if (this.unit === 0) {
      this.unit = Math.sqrt(latencyMs);
      this.mean = this.unit;
      return;
    }
    // With one kind the unit is the mean of its roots; with several it moves when all of them do.
    this.unit *= 1 + (times - 1) * (kind.answers / this.#answers);
    this.mean += (compared - this.mean) / this.#latencies;
  }

  /** Two relative latencies of one instance, one after the other: half the square of their difference is their variance. */
  compare(one: number, next: number): void {
    const noise = ((next - one) / this.mean) ** 2 / (2 * EXPONENTIAL_NOISE);
    this.noise += (noise - this.noise) / NOISE_CALLS;
    if (this.noise < LEAST_NOISE) this.noise = LEAST_NOISE;
    if (this.noise > MOST_NOISE) this.noise = MOST_NOISE;
  }
}
