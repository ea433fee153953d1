import {
  ALIKE,
  CALM,
  EXPONENTIAL_NOISE,
  LEAST_NOISE,
  MEAN_CALLS,
  MOST_NOISE,
  NOISE_CALLS,
  USUAL_AS_CALLS,
} from "./constants.js";
import { type Kind, Kinds } from "./kinds.js";
import type { Latency } from "./latency.js";
import { Measurement } from "./measurement.js";

/** A longer step of the clock is taken for this, so that sums stay finite and exact. */
const LONGEST_MS = 3_600_000;

/** A mean that has moved by less than this share is followed later. */
const STEP = 0.01;

/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;
// To multiply is quicker than to divide.
const PER_EXPONENTIAL = 1 / (2 * EXPONENTIAL_NOISE);
const PER_MEAN_CALLS = 1 / MEAN_CALLS;
const PER_NOISE_CALLS = 1 / NOISE_CALLS;

/** What the instances of one balancer share: the time, the picks, the kinds of calls, and how latencies vary. */
export class Pool {
  readonly kinds = new Kinds();
  /** The latency last measured. */
  readonly measured = new Measurement();
  readonly #clock: () => number;
  // V8 updates a field in place, without allocation, that has never held anything but fractions.
  #read = Number.NaN;
  /** Milliseconds since the balancer was made. Never runs backwards, whatever the clock does. */
  time = 0.5;
  /** Picks so far. */
  picks = 0;
  /** Those whose call is over, never began, or goes on as a stream that has answered; the others are in flight. */
  over = 0;
  /** Instances there are. */
  size = 0;
  /** Mean latency of calls of any kind, in milliseconds; 0 before the first. */
  meanMs = -0;
  /** What calls of a usual kind take, as a root. */
  unit = -0;
  /** Mean of the latencies as they are compared. */
  mean = -0;
  /** One over it, because to multiply is quicker than to divide. */
  perMean = -0;
  #answers = 0;
  /** The kind of all answers so far, while there is but one. */
  #only: Kind | undefined;
  /** How much latencies at one instance vary from one call to the next, those of exponential service times being 1. */
  noise = 0.999;
  /** So many recent calls what an instance usually does counts as. */
  lean = USUAL_AS_CALLS;
  /** Latencies up to this, as they are compared, are taken to be alike. */
  alike = NOTHING;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#read = clock();
  }

  /** Reads the clock. */
  tick(): void {
    const read = this.#clock();
    const step = read - this.#read;
    this.#read = read;
    if (step > 0) this.time += Math.min(step, LONGEST_MS);
  }

  /** A call of this kind took so long. */
  measure(latencyMs: number, kind: Kind): void {
    this.measured.take(latencyMs, kind, this);
  }

  /** Learns from the latency last measured, which is one of this kind. */
  learn(kind: Kind): void {
    const { counted, compared } = this.measured;
    this.#answers += 1;
    const part = this.#answers < MEAN_CALLS ? 1 / this.#answers : PER_MEAN_CALLS;
    this.meanMs += (counted - this.meanMs) * part;
    kind.learn(this.measured);
    if (this.unit === 0) {
      this.#only = kind;
      this.unit = compared;
      this.mean = compared;
      this.perMean = 1 / compared;
      return;
    }
    if (kind === this.#only) this.unit += this.unit * this.measured.drift;
    else {
      kind.weigh(this);
      this.#follow(kind);
    }
    this.mean += (compared - this.mean) * part;
    this.perMean = 1 / this.mean;
  }

  /**
   * With one kind the unit is the mean of its roots. With several it moves when all of them do: it is the product of them, each to the power
   * of its share of the answers. It follows a kind step by step from where it last followed it, so that the steps to and fro cancel out
   * exactly, over years too; and not at each answer, because a power is dear.
   */
  #follow(kind: Kind): void {
    this.#only?.followed();
    this.#only = undefined;
    kind.move();
    if (Math.abs(kind.moved - 1) < STEP) return;
    this.unit *= kind.moved ** (kind.answers / this.#answers);
    kind.followed();
  }

  /** Two latencies of one instance, the last one and the one measured: half the square of their difference is their variance. */
  compare(instance: Latency): void {
    const step = (this.measured.compared - instance.last) * this.perMean;
    const noise = this.noise + (step * step * PER_EXPONENTIAL - this.noise) * PER_NOISE_CALLS;
    this.noise = Math.min(Math.max(noise, LEAST_NOISE), MOST_NOISE);
    this.lean = USUAL_AS_CALLS * this.noise;
    this.alike = this.noise > CALM ? this.mean * (1 + ALIKE * (this.noise - CALM)) : NOTHING;
  }
}
