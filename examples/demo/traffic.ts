import { type ServiceError, status } from "@grpc/grpc-js";
import type { OrderClient } from "../order/order.js";

/** One call that has ended. Times are milliseconds of performance.now. */
export interface Call {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Address of the instance that the call was sent to, or the service's name if it was sent to none. */
  readonly instance: string;
  readonly error: ServiceError | undefined;
}

/** How often the client looks whether calls are due, in milliseconds. */
const TICK_MS = 5;

/** A client that makes calls at a steady rate, whatever becomes of them. */
export class Traffic {
  readonly calls: Call[] = [];
  readonly #orders: OrderClient;
  readonly #ratePerSecond: number;
  #running = 0;
  #made = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle = () => {};

  constructor(orders: OrderClient, ratePerSecond: number) {
    this.#orders = orders;
    this.#ratePerSecond = ratePerSecond;
  }

  start(): void {
    const began = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * this.#ratePerSecond) / 1000);
      while (this.#made < due) this.#call();
    }, TICK_MS);
  }

  /** Resolves when the last call has ended. */
  stop(): Promise<void> {
    clearInterval(this.#timer);
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
      if (this.#running === 0) resolve();
    });
  }

  /** Calls that ended since a time. */
  since(time: number): Call[] {
    const first = this.calls.findLastIndex(({ endedAt }) => endedAt < time) + 1;
    return this.calls.slice(first);
  }

  #call(): void {
    this.#made += 1;
    this.#running += 1;
    const startedAt = performance.now();
    const call = this.#orders.find({ id: String(this.#made) }, (error) => {
      this.calls.push({ startedAt, endedAt: performance.now(), instance: call.getPeer(), error: error ?? undefined });
      this.#running -= 1;
      if (this.#running === 0) this.#whenIdle();
    });
  }
}

/** The worst-but-one-in-a-hundred duration of calls that succeeded, in words. */
export function p99(calls: readonly Call[]): string {
  const sorted = calls.filter(({ error }) => !error).map(({ startedAt, endedAt }) => endedAt - startedAt);
  if (sorted.length === 0) return "-";
  sorted.sort((a, b) => a - b);
  return `${sorted[Math.floor(0.99 * (sorted.length - 1))]!.toFixed(0)} ms`;
}

/** What went wrong, with an example. */
export function failures(calls: readonly Call[]): string {
  const examples = new Map(calls.flatMap(({ error }) => (error ? [[error.code, error.details]] : [])));
  return [...examples].map(([code, details]) => `${status[code]}, for example: ${details}`).join("; ");
}
