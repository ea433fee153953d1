import { instanceId, type Stats } from "./model.js";
import type { ProcessReport } from "./process-report.js";
import { type Counts, type Rate, Rates } from "./rates.js";

/** Rates of everything that processes count, from one round of reports to the next. */
export class StatsBook {
  readonly #rates = new Rates();
  #instances = new Map<string, Stats>();
  #edges = new Map<string, Rate>();

  /** @param at milliseconds of a clock that never goes back. */
  take(reports: readonly ProcessReport[], at: number): void {
    const rates = new Map<string, Omit<Stats, "share">>();
    for (const [id, seen] of seenByCallers(reports)) {
      const rate = this.#rates.add(`called ${id}`, seen.counts, at);
      if (rate) rates.set(id, known(rate, seen.expectedMs));
    }
    for (const { id: process, serves, served } of reports) {
      const [only] = serves;
      if (!served || !only || serves.length > 1) continue;
      const rate = this.#rates.add(`served ${process}`, served, at);
      const id = instanceId(only.service, only.address);
      const called = rates.get(id);
      // Its own counts are of all its callers; theirs only of those that tell.
      if (rate && (!called || rate.callsPerSecond > called.callsPerSecond)) {
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
  return { callsPerSecond, failureShare, ...(latencyMs !== undefined && latencyMs > 0 && { latencyMs }) };
}

/** What all clients that tell of single instances have seen of each, together. */
function seenByCallers(reports: readonly ProcessReport[]): Map<string, { counts: Counts; expectedMs: number }> {
  const seen = new Map<string, { counts: Counts; expectedMs: number }>();
  for (const { service, instances } of reports.flatMap(({ calls }) => calls)) {
    for (const { address, counts, expectedMs } of instances) {
      const id = instanceId(service, address);
      const before = seen.get(id) ?? { counts: { calls: 0, failures: 0 }, expectedMs: 0 };
      const calls = before.counts.calls + counts.calls;
      const weighed = before.expectedMs * before.counts.calls + expectedMs * counts.calls;
      seen.set(id, {
        counts: { calls, failures: before.counts.failures + counts.failures },
        expectedMs: calls > 0 ? weighed / calls : expectedMs,
      });
    }
  }
  return seen;
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
  for (const [id, { callsPerSecond }] of rates) {
    totals.set(serviceOf(id), (totals.get(serviceOf(id)) ?? 0) + callsPerSecond);
  }
  return new Map(
    [...rates].map(([id, rate]) => {
      const total = totals.get(serviceOf(id))!;
      return [id, rounded({ ...rate, share: total > 0 ? rate.callsPerSecond / total : 0 })];
    }),
  );
}

/** As exact as it is shown, so that a row whose numbers look the same is the same. */
function rounded({ callsPerSecond, failureShare, latencyMs, share }: Stats): Stats {
  return {
    callsPerSecond: toDigits(callsPerSecond),
    failureShare: Number(failureShare.toFixed(3)),
    ...(latencyMs !== undefined && { latencyMs: toDigits(latencyMs) }),
    share: Number(share.toFixed(3)),
  };
}

export function toDigits(value: number): number {
  return Number(value.toPrecision(3));
}

function edgeName(process: string, service: string): string {
  return `${process} ${service}`;
}
