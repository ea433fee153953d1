import { groupBy } from "../../group-by.js";
import type { Counts, ServiceCounts, Told } from "./sample.js";

/** How calls of one service, or of one instance of it, went between two readings, all sources together. */
export interface Flow {
  /** Undefined before the second reading. */
  readonly callsPerSecond: number | undefined;
  /** Part of the calls that failed, 0 to 1; undefined without any call. */
  readonly failureRate: number | undefined;
  /** Over several sources the mean, weighted by calls. */
  readonly p50Ms: number | undefined;
  /** Over several sources the highest. */
  readonly p99Ms: number | undefined;
  readonly expectedMs: number | undefined;
  readonly inFlight: number | undefined;
  /** Since the processes were started. */
  readonly calls: number;
  readonly failures: number;
}

export interface InstanceFlow extends Flow {
  readonly address: string;
  readonly state: string | undefined;
}

export interface ServiceFlow extends Flow {
  readonly side: ServiceCounts["side"];
  readonly service: string;
  readonly state: string | undefined;
  /** Sources that told of it. */
  readonly sources: number;
  readonly instances: readonly InstanceFlow[];
}

/** What one source told, and when, in milliseconds of performance.now. */
export interface Reading extends Told {
  readonly source: string;
  readonly at: number;
}

/** A process that is asked by its socket and by its metrics is counted once: its socket tells of single instances too. */
export function countedOnce(readings: readonly Reading[]): Reading[] {
  const others = new Set(readings.flatMap(({ otherPorts = [] }) => otherPorts));
  return readings.map((reading) => {
    if (reading.port === undefined || !others.has(reading.port)) return reading;
    // What it serves stands under other names there, with latencies that the socket does not tell.
    return { ...reading, services: reading.services.filter(({ side }) => side === "serves") };
  });
}

interface Before {
  readonly at: number;
  readonly calls: number;
  readonly failures: number;
}

/** What one source adds to a flow. */
interface Part extends Counts {
  /** Since the reading before; undefined for the first. */
  readonly since: { readonly seconds: number; readonly calls: number; readonly failures: number } | undefined;
  readonly counted: boolean;
  readonly state?: string | undefined;
}

/** Turns counts that only rise into what happened between two readings of a source. */
export class Flows {
  #before = new Map<string, Before>();

  /** The services by name, those that are called first. */
  read(readings: readonly Reading[]): ServiceFlow[] {
    const now = new Map<string, Before>();
    const all = readings.flatMap(({ source, at, services }) =>
      // By name and not by place: one that comes or goes would give the next one's counts another history.
      services.map((own) => ({
        own,
        part: (of: string, counts: Counts) => this.#part(nameOf(source, own, of), at, counts, now),
      })),
    );
    const flows = [...groupBy(all, ({ own }) => JSON.stringify([own.side, own.service])).values()].map((same) => {
      const { side, service } = same[0]!.own;
      const parts = same.map(({ own, part }) => ({ ...part("", own), counted: true, state: own.state }));
      const instances = same.flatMap(({ own, part }) =>
        own.instances.map((one) => ({
          address: one.address,
          part: { ...part(one.address, one), counted: one.counted, state: one.state },
        })),
      );
      const byAddress = groupBy(instances, ({ address }) => address);
      return {
        side,
        service,
        sources: same.length,
        ...together(parts),
        instances: [...byAddress]
          .map(([address, those]) => ({ address, ...together(those.map(({ part }) => part)) }))
          .sort((a, b) => (a.address < b.address ? -1 : 1)),
      };
    });
    this.#before = now;
    return flows.sort((a, b) => compare(a.side, b.side) || compare(a.service, b.service));
  }

  #part(name: string, at: number, counts: Counts, now: Map<string, Before>): Omit<Part, "counted"> {
    const { calls, failures } = counts;
    const before = this.#before.get(name);
    now.set(name, { at, calls, failures });
    if (!before || at <= before.at) return { ...counts, since: undefined };
    // Fewer than before: the process is another one, which has made them all since.
    const base = calls < before.calls ? { calls: 0, failures: 0 } : before;
    const since = { calls: calls - base.calls, failures: Math.max(0, failures - base.failures) };
    return { ...counts, since: { seconds: (at - before.at) / 1000, ...since } };
  }
}

/** Several channels of a process to one service are told one by one, and so are its servers. */
function nameOf(source: string, { side, service, which }: ServiceCounts, of: string): string {
  return JSON.stringify([source, side, service, which, of]);
}

function together(parts: readonly Part[]): Flow & { readonly state: string | undefined } {
  const counted = parts.filter((part) => part.counted);
  const told = counted.flatMap(({ since }) => (since ? [since] : []));
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  const known = (read: (part: Part) => number | undefined) =>
    parts.flatMap((part) => (read(part) === undefined ? [] : [read(part)!]));
  const calls = sum(counted.map((part) => part.calls));
  const failures = sum(counted.map((part) => part.failures));
  const recent = sum(told.map((since) => since.calls));
  const failed = recent > 0 ? sum(told.map((since) => since.failures)) / recent : undefined;
  const states = [...new Set(parts.flatMap(({ state }) => (state === undefined ? [] : [state])))];
  const running = known(({ inFlight }) => inFlight);
  return {
    callsPerSecond: told.length === 0 ? undefined : sum(told.map((since) => since.calls / since.seconds)),
    failureRate: failed ?? (told.length === 0 && calls > 0 ? failures / calls : undefined),
    p50Ms: weightedMean(parts.map(({ p50Ms, since, calls }) => ({ value: p50Ms, weight: since?.calls || calls }))),
    p99Ms: highest(known(({ p99Ms }) => p99Ms)),
    expectedMs: weightedMean(parts.map(({ expectedMs }) => ({ value: expectedMs, weight: 1 }))),
    inFlight: running.length === 0 ? undefined : sum(running),
    calls,
    failures,
    state: states.length === 0 ? undefined : states.join("; "),
  };
}

function weightedMean(
  all: readonly { readonly value: number | undefined; readonly weight: number }[],
): number | undefined {
  const known = all.filter(({ value, weight }) => value !== undefined && weight > 0);
  const weight = known.reduce((sum, one) => sum + one.weight, 0);
  return weight > 0 ? known.reduce((sum, one) => sum + one.value! * one.weight, 0) / weight : undefined;
}

function highest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((most, value) => Math.max(most, value));
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
