import { Queue } from "../../world/queue.js";
import { type Hedger, type MakePolicy, passingOn } from "../policy.js";

/** The filter's only setting that has no default: how much extra load is allowed, here as much as our own budget. */
const MAX_EXTRA_LOAD = 0.05;
/** The percentile is worked out anew so often, of calls of the last 20 to 30 s, in whole milliseconds. */
const REFRESH_MS = 3_000;
const [BUCKETS, BUCKET_MS] = [3, 10_000];
const LEAST_DELAY_MS = 1;
/** The retry budget: what calls deposit expires after this time, and so many copies a second are always allowed. */
const [TTL_MS, LEAST_PER_SECOND] = [10_000, 10];

/** Finagle's RetryBudget: a balance of what was deposited and withdrawn within the time to live, over a reserve. */
export class FinagleBudget {
  readonly #share: number;
  readonly #moves = new Queue<{ readonly at: number; readonly by: number }>();
  #balance = 0;

  constructor(share: number) {
    this.#share = share;
  }

  deposit(now: number): void {
    this.#move(now, 1);
  }

  withdraw(now: number): boolean {
    this.#expire(now);
    const price = 1 / this.#share;
    const reserve = (LEAST_PER_SECOND * TTL_MS * price) / 1_000;
    if (this.#balance + reserve < price) return false;
    this.#move(now, -price);
    return true;
  }

  #move(at: number, by: number): void {
    this.#expire(at);
    this.#moves.push({ at, by });
    this.#balance += by;
  }

  #expire(now: number): void {
    while (this.#moves.first && now - this.#moves.first.at >= TTL_MS) this.#balance -= this.#moves.shift()!.by;
  }
}

/** Latencies in whole milliseconds, of the last buckets of time. */
class Window {
  #buckets: Map<number, number>[] = [new Map()];
  #since = 0;

  add(ms: number, now: number): void {
    if (now - this.#since >= BUCKET_MS) {
      this.#buckets = [new Map(), ...this.#buckets.slice(0, BUCKETS - 1)];
      this.#since = now;
    }
    const whole = Math.floor(ms);
    this.#buckets[0]!.set(whole, (this.#buckets[0]!.get(whole) ?? 0) + 1);
  }

  percentile(share: number): number {
    const all = new Map<number, number>();
    for (const bucket of this.#buckets) for (const [ms, count] of bucket) all.set(ms, (all.get(ms) ?? 0) + count);
    let left = share * [...all.values()].reduce((sum, count) => sum + count, 0);
    for (const [ms, count] of [...all].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return ms;
    }
    return 0;
  }
}

/**
 * When Finagle sends a backup request (com.twitter.finagle.client.BackupRequestFilter): after the percentile of latency that
 * leaves as many calls as extra load is allowed, none before it was first worked out, and as a retry budget of the same share
 * allows. Both copies are measured, and the one that lost as long as it ran.
 */
export class BackupRequests implements Hedger {
  readonly #now: () => number;
  readonly #budget = new FinagleBudget(MAX_EXTRA_LOAD);
  readonly #latencies = new Window();
  #delayMs: number | undefined;
  #refreshedAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  started(): number | undefined {
    const now = this.#now();
    if (now - this.#refreshedAt >= REFRESH_MS) {
      this.#refreshedAt = now;
      this.#delayMs = Math.max(LEAST_DELAY_MS, this.#latencies.percentile(1 - MAX_EXTRA_LOAD));
    }
    this.#budget.deposit(now);
    return this.#delayMs;
  }

  /** Asked once for each call. */
  take(_kind: string, outlived = true): boolean {
    return outlived && this.#budget.withdraw(this.#now());
  }

  ended(_kind: string, ms: number, copies: 1 | 2, _winner: 0 | 1 | 2, copyMs?: number): void {
    this.#latencies.add(ms, this.#now());
    if (copies === 2) this.#latencies.add(copyMs ?? 0, this.#now());
  }
}

/** A policy whose slow calls Finagle's rule sends a second time. */
export function withBackupRequests(make: MakePolicy): MakePolicy {
  return (around) => ({ ...passingOn(make(around)), hedging: new BackupRequests(around.now) });
}
