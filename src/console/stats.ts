import { instanceId, type Stats } from "./model.js";
import type { ProcessReport, ReportedInstance } from "./process-report.js";
import { type Counts, type Rate, Rates } from "./rates.js";

/** Rates of everything that processes count, from one round of reports to the next. */
export class StatsBook {
  readonly #rates = new Rates();
  #instances = new Map<string, Stats>();
  #edges = new Map<string, Rate>();

  /** @param at milliseconds of a clock that never goes back. */
  take(reports: readonly ProcessReport[], at: number): void {
    const rates = new Map<string, Omit<Stats, "share">>();
    for (const [id, callers] of seenByCallers(reports)) {
      // Each caller by itself: one that comes or goes brings or takes a life's worth of counts.
      const told = [...callers].flatMap(([process, { counts, expectedMs }]) => {
        const rate = counts && this.#rates.add(`${process} called ${id}`, counts, at);
        return rate ? [{ rate, expectedMs }] : [];
      });
      if (told.length > 0) rates.set(id, allTogether(told));
      else {
        const { counts, failureRate, expectedMs } = [...callers.values()].reduce(together);
        if (!counts) rates.set(id, { failureShare: failureRate, latencyMs: expectedMs });
      }
    }
    for (const { id: process, serves, served } of reports) {
      const [only] = serves;
      if (!served || !only || serves.length > 1) continue;
      const rate = this.#rates.add(`served ${process}`, served, at);
      const id = instanceId(only.service, only.address);
      const called = rates.get(id);
      // Its own counts are of all its callers; theirs only of those that tell.
      if (rate && (!called || rate.callsPerSecond > (called.callsPerSecond ?? 0))) {
        rates.set(id, known(rate, rate.meanMs ?? called?.latencyMs));
      }
    }
    this.#edges = new Map();
    for (const { id: process, calls } of reports) {
      for (const [service, counts] of sumByService(calls)) {
        const rate = this.#rates.add(`${process} calls ${service}`, counts, at);
        if (rate) this.#edges.set(edgeName(process, service), rate);
      }
    }
    this.#instances = withShares(rates);
    this.#rates.forgetBefore(at);
  }

  ofInstance(id: string): Stats | undefined {
    return this.#instances.get(id);
  }

  /** What a process calls of a service. */
  ofCaller(process: string, service: string): Rate | undefined {
    return this.#edges.get(edgeName(process, service));
  }
}

function known({ callsPerSecond, failureShare }: Rate, latencyMs: number | undefined): Omit<Stats, "share"> {
  return { callsPerSecond, failureShare, ...(latencyMs !== undefined && { latencyMs }) };
}

/** What each process that tells of single instances has seen of each of them, all its channels together. */
function seenByCallers(reports: readonly ProcessReport[]): Map<string, Map<string, Seen>> {
  const seen = new Map<string, Map<string, Seen>>();
  for (const { id: process, calls } of reports) {
    for (const { service, instances } of calls) {
      for (const one of instances) {
        const id = instanceId(service, one.address);
        const callers = seen.get(id) ?? new Map<string, Seen>();
        const before = callers.get(process);
        seen.set(id, callers.set(process, before ? together(before, one) : one));
      }
    }
  }
  return seen;
}

/** What several processes see of one instance: who calls it more knows more. */
function allTogether(told: readonly { readonly rate: Rate; readonly expectedMs: number }[]): Omit<Stats, "share"> {
  const sum = (among: typeof told) => among.reduce((all, { rate }) => all + rate.callsPerSecond, 0);
  const mean = (of: (one: (typeof told)[number]) => number, among: typeof told) => {
    const calls = sum(among);
    const partOf = ({ rate }: (typeof told)[number]) => (calls > 0 ? rate.callsPerSecond / calls : 1 / among.length);
    return among.reduce((all, one) => all + of(one) * partOf(one), 0);
  };
  const expecting = told.filter(({ expectedMs }) => expectedMs > 0);
  return {
    callsPerSecond: sum(told),
    failureShare: mean(({ rate }) => rate.failureShare, told),
    latencyMs: mean(({ expectedMs }) => expectedMs, expecting),
  };
}

type Seen = Omit<ReportedInstance, "address">;

/** Who has called more knows more. */
function together(a: Seen, b: Seen): Seen {
  const [callsOfA, callsOfB] = [a.counts?.calls ?? 0, b.counts?.calls ?? 0];
  const partOfA = callsOfA + callsOfB > 0 ? callsOfA / (callsOfA + callsOfB) : 0.5;
  const failures = (a.counts?.failures ?? 0) + (b.counts?.failures ?? 0);
  // Who has had no answer yet expects nothing.
  const expectedMs =
    a.expectedMs > 0 && b.expectedMs > 0
      ? a.expectedMs * partOfA + b.expectedMs * (1 - partOfA)
      : Math.max(a.expectedMs, b.expectedMs);
  return {
    ...((a.counts || b.counts) && { counts: { calls: callsOfA + callsOfB, failures } }),
    expectedMs,
    failureRate: a.failureRate * partOfA + b.failureRate * (1 - partOfA),
  };
}

function sumByService(calls: ProcessReport["calls"]): Map<string, Counts> {
  const sums = new Map<string, Counts>();
  for (const { service, counts } of calls) {
    if (!counts) continue;
    const before = sums.get(service) ?? { calls: 0, failures: 0 };
    sums.set(service, { calls: before.calls + counts.calls, failures: before.failures + counts.failures });
  }
  return sums;
}

function withShares(rates: ReadonlyMap<string, Omit<Stats, "share">>): Map<string, Stats> {
  const serviceOf = (id: string) => id.slice(0, id.lastIndexOf(" "));
  const totals = new Map<string, number>();
  for (const [id, { callsPerSecond = 0 }] of rates) {
    totals.set(serviceOf(id), (totals.get(serviceOf(id)) ?? 0) + callsPerSecond);
  }
  return new Map(
    [...rates].map(([id, rate]) => {
      const total = totals.get(serviceOf(id))!;
      if (rate.callsPerSecond === undefined) return [id, rounded(rate)];
      return [id, rounded({ ...rate, share: total > 0 ? rate.callsPerSecond / total : 0 })];
    }),
  );
}

/** As exact as it is shown, so that a row whose numbers look the same is the same. */
function rounded({ callsPerSecond, failureShare, latencyMs, share }: Stats): Stats {
  return {
    ...(callsPerSecond !== undefined && { callsPerSecond: toDigits(callsPerSecond) }),
    failureShare: Number(failureShare.toFixed(3)),
    ...(latencyMs !== undefined && latencyMs > 0 && { latencyMs: toDigits(latencyMs) }),
    ...(share !== undefined && { share: Number(share.toFixed(3)) }),
  };
}

export function toDigits(value: number): number {
  return Number(value.toPrecision(3));
}

function edgeName(process: string, service: string): string {
  return `${process} ${service}`;
}
