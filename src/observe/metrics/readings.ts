import { groupBy } from "../../group-by.js";
import type { Tally } from "../../tally.js";
import { isSwitchedOn } from "../environment.js";
import { clients, servers } from "../sources.js";
import type { CalledInstance, CalledService, ServedService } from "../state.js";

/** A metric: a number that is read when somebody looks. */
export interface Gauge {
  /** As OpenTelemetry names it. */
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  /** Whether it only rises. */
  readonly counts?: boolean;
  readonly labels: readonly string[];
  read(): Iterable<Reading>;
}

export interface Reading {
  readonly value: number;
  readonly labels: Record<string, string>;
}

/**
 * Whether numbers of single instances carry the instance's address: `$ROLLCALL_METRICS_INSTANCES=1`. Default no: then they are sums
 * over a service, and there are as many series as services whatever comes and goes. A series goes with its instance.
 */
function byInstance(): boolean {
  return isSwitchedOn("ROLLCALL_METRICS_INSTANCES");
}

/** Several channels to one service are one. */
export function services(): Map<string, CalledService[]> {
  const found = new Map<string, CalledService[]>();
  for (const client of clients) {
    const state = client.state();
    if (state.service !== "") found.set(state.service, [...(found.get(state.service) ?? []), state]);
  }
  return found;
}

/** One reading for each service that is called; none where there is no value. */
export function perService(read: (channels: readonly CalledService[]) => number | undefined): () => Reading[] {
  return () =>
    [...services()].flatMap(([service, channels]) => {
      const value = read(channels);
      return value === undefined ? [] : [{ value, labels: { service } }];
    });
}

/** One reading for each service: a count that only rises, of the channels there are, and of those that were. */
export function sinceTheStart(closed: Tally, read: (channel: CalledService) => number): () => Reading[] {
  return () => {
    const counts = new Map(closed.counts);
    for (const [service, channels] of services()) {
      counts.set(service, (counts.get(service) ?? 0) + sum(channels.map(read)));
    }
    return [...counts].map(([service, value]) => ({ value, labels: { service } }));
  };
}

/** One reading for each name of servers; servers of one name are one. */
export function perServerName(read: (states: readonly ServedService[]) => number | undefined): () => Reading[] {
  return () => {
    const byName = groupBy(
      [...servers].map((server) => server.state()),
      ({ name }) => name,
    );
    return [...byName].flatMap(([name, states]) => {
      const value = read(states);
      return value === undefined ? [] : [{ value, labels: { name } }];
    });
  };
}

/**
 * One reading for each instance that is called, or for each service; none where there is no value.
 * @param read undefined while it is not known of the instance.
 * @param together how the numbers of a service's instances become one.
 */
export function perInstance(
  read: (instance: CalledInstance) => number | undefined,
  together: (values: readonly number[]) => number | undefined,
): () => Reading[] {
  const reading = (instances: readonly CalledInstance[], labels: Reading["labels"]): Reading[] => {
    const value = together(instances.map(read).filter((one) => one !== undefined));
    return value === undefined ? [] : [{ value, labels }];
  };
  return () =>
    [...services()].flatMap(([service, channels]) => {
      const instances = channels.flatMap((channel) => channel.instances);
      if (!byInstance()) return reading(instances, { service });
      const byAddress = groupBy(instances, ({ address }) => address);
      return [...byAddress].flatMap(([instance, same]) => reading(same, { service, instance }));
    });
}

export const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
/** Undefined where nothing is known. */
export const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : sum(values) / values.length;
