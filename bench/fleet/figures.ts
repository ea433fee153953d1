import type { ScheduledCall } from "./schedule.js";

/** How one call went, as the load generators print it. */
export interface Outcome {
  /** To the first answer, or to the failure. */
  readonly ms: number;
  /** How late the load generator made the call. */
  readonly lateMs: number;
  readonly ok: boolean;
  /** Name of the gRPC code. */
  readonly code: string;
  /** Address of the instance that answered. */
  readonly peer?: string;
}

/** What the calls of one kind got in one run. */
export interface Figures {
  readonly calls: number;
  /** In milliseconds. A call that failed was never answered, so it counts as endless; JSON shows that as null. */
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  /** How many calls ended with which gRPC code other than OK. */
  readonly codes: Readonly<Record<string, number>>;
}

/** One run of one contestant. */
export interface Run {
  /** By name of the kind. */
  readonly kinds: Readonly<Record<string, Figures>>;
  /** How many calls each instance answered, in the order of the row's instances. */
  readonly shares: readonly number[];
  /** 99th percentile of how late the calls were made: where it nears the latencies, the machine was too busy to measure. */
  readonly lateMs: number;
}

/** The smallest value that at least this share of the values does not exceed (nearest rank); NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/**
 * Figures of the calls that were due from `fromMs` on.
 *
 * @param outcomes one for each call, in the same order.
 * @param instances addresses.
 */
export function figures(
  calls: readonly ScheduledCall[],
  outcomes: readonly Outcome[],
  fromMs: number,
  instances: readonly string[],
): Run {
  if (calls.length !== outcomes.length) {
    throw new Error(`${outcomes.length} outcomes of ${calls.length} calls: the load generator did not finish`);
  }
  const counted = calls
    .map(({ kind, atMs }, i) => ({ kind, atMs, ...outcomes[i]! }))
    .filter(({ atMs }) => atMs >= fromMs);
  const names = [...new Set(counted.map(({ kind }) => kind))].sort();
  return {
    kinds: Object.fromEntries(names.map((name) => [name, ofOne(counted.filter(({ kind }) => kind === name))])),
    shares: instances.map((address) => counted.filter(({ peer }) => peer === address).length),
    lateMs: percentile(
      counted.map(({ lateMs }) => lateMs),
      0.99,
    ),
  };
}

function ofOne(outcomes: readonly Outcome[]): Figures {
  const times = outcomes.map(({ ok, ms }) => (ok ? ms : Number.POSITIVE_INFINITY));
  const failed = outcomes.filter(({ ok }) => !ok);
  return {
    calls: outcomes.length,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    failed: failed.length,
    codes: count(failed.map(({ code }) => code)),
  };
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
