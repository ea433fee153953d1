import { Busyness, type LoadSample } from "./busyness.js";
import { Capacity } from "./capacity.js";

/**
 * How important calls of a method are to a server that is full (the terms of "Handling Overload" in Google's Site Reliability
 * Engineering): `sheddable` ones are refused from half of what it can hold on, `critical` ones never, others when it is full.
 */
export type Criticality = "sheddable" | "critical";

export interface SheddingOptions {
  /** Utilisation from which the server may be full, above 0 to 1. */
  readonly threshold: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** How long a call may wait for its turn, the delay of the event loop included, in milliseconds. */
const QUEUE_MS = 100;
const LEAST_QUEUE_MS = 10;

/**
 * A burst is no overload: on average over so long, in milliseconds, this share of what the server can hold must have been in
 * flight. A batch begins at once and ends one by one, so that the average of a full server is well below what it can hold.
 */
const AVERAGE_MS = 1_000;
const AVERAGE_SHARE = 0.25;

/** Sheddable calls may take so much of what the server can hold. */
const SHEDDABLE_SHARE = 0.5;

/** A server that has refused a call goes on for so long after it was busy last, in milliseconds, as go-zero has it. */
const STILL_HOT_MS = 1_000;

/** Bounds of the pushback, in milliseconds. */
const LEAST_PUSHBACK_MS = 10;
const MOST_PUSHBACK_MS = 1_000;

/**
 * Whether a server can take one more call. By Little's law it holds throughput x latency calls at a time; those beyond wait.
 * It is full when it has been busy for a second or two and more calls are in flight than
 *
 *     best recent throughput x (least latency + the time that a call may wait)
 *
 * go-zero's core/load/adaptiveshedder.go (after BBR) is the model. What is different because Node is: a batch of calls begins
 * within one turn of the event loop and ends one by one, so that the average of calls in flight says little.
 */
export class Shedding {
  readonly #now: () => number;
  readonly #busyness: Busyness;
  readonly #capacity: Capacity;
  #inFlight = 0;
  #average = 0;
  #averagedAt: number;
  #busyAt = Number.NEGATIVE_INFINITY;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor({ threshold, now }: SheddingOptions) {
    this.#now = now;
    this.#busyness = new Busyness(threshold);
    this.#capacity = new Capacity(now);
    this.#averagedAt = now();
  }

  /** Calls begun and not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How busy the process is: smoothed, 0 to 1 and milliseconds. */
  get load(): Pick<Busyness, "utilisation" | "delayMs"> {
    return this.#busyness;
  }

  sample(sample: LoadSample): void {
    this.#busyness.sample(sample);
    this.#capacity.sampled(this.#busyness.now);
  }

  /**
   * Whether a call is to be refused now.
   * @returns undefined when it may begin; else when to come again, in milliseconds.
   */
  refusal(criticality?: Criticality): number | undefined {
    if (criticality === "critical" || !this.#isHot()) return undefined;
    this.#capacity.turn();
    const { throughput } = this.#capacity;
    const share = criticality === "sheddable" ? SHEDDABLE_SHARE : 1;
    const most = this.#most() * share;
    if (throughput === 0 || this.#inFlight <= most || this.#averaged() < most * AVERAGE_SHARE) return undefined;
    this.#refusedAt = this.#now();
    // By then half of those in flight have gone, and the server has not run dry.
    const pushback = this.#inFlight / throughput / 2;
    return Math.round(Math.min(Math.max(pushback, LEAST_PUSHBACK_MS), MOST_PUSHBACK_MS));
  }

  /** A call has begun. */
  begin(): void {
    this.#averaged();
    this.#inFlight += 1;
  }

  /** @param latencyMs since begin(); undefined when it says nothing of the server, as of a call that was cancelled. */
  end(latencyMs?: number): void {
    this.#averaged();
    this.#inFlight -= 1;
    if (latencyMs === undefined) this.#capacity.turn();
    else this.#capacity.done(latencyMs);
  }

  /** How many calls may be in flight. Those in the socket have waited for the event loop already. */
  #most(): number {
    const { throughput, leastMs } = this.#capacity;
    const queueMs = Math.max(QUEUE_MS - this.#busyness.delayMs, LEAST_QUEUE_MS, Math.min(leastMs, QUEUE_MS));
    return Math.max(1, throughput * (leastMs + queueMs));
  }

  /** Calls in flight, on average over the time that has passed. */
  #averaged(): number {
    const now = this.#now();
    const passedMs = now - this.#averagedAt;
    if (passedMs > 0) this.#average += (this.#inFlight - this.#average) * (1 - Math.exp(-passedMs / AVERAGE_MS));
    this.#averagedAt = now;
    return this.#average;
  }

  #isHot(): boolean {
    const now = this.#now();
    if (this.#busyness.lasting) this.#busyAt = now;
    return now === this.#busyAt || (now - this.#busyAt < STILL_HOT_MS && now - this.#refusedAt < STILL_HOT_MS);
  }
}
