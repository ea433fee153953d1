import { clustersInUse } from "../../etcd-client/clusters-in-use.js";
import { groupBy } from "../../group-by.js";
import { closedChannels, type Tally } from "../../tally.js";
import { isSwitchedOn } from "../environment.js";
import { clients, servers } from "../sources.js";
import type { CalledInstance, CalledService, ServedService } from "../state.js";
import { COUNTERS } from "./counters.js";

/** A number that is read when somebody looks. */
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
function services(): Map<string, CalledService[]> {
  const found = new Map<string, CalledService[]>();
  for (const client of clients) {
    const state = client.state();
    if (state.service !== "") found.set(state.service, [...(found.get(state.service) ?? []), state]);
  }
  return found;
}

function perService(read: (channels: readonly CalledService[]) => number | undefined): () => Reading[] {
  return () =>
    [...services()].flatMap(([service, channels]) => {
      const value = read(channels);
      return value === undefined ? [] : [{ value, labels: { service } }];
    });
}

/** A count that only rises: of the channels there are, and of those that were. */
function sinceTheStart(closed: Tally, read: (channel: CalledService) => number): () => Reading[] {
  return () => {
    const counts = new Map(closed.counts);
    for (const [service, channels] of services()) {
      counts.set(service, (counts.get(service) ?? 0) + sum(channels.map(read)));
    }
    return [...counts].map(([service, value]) => ({ value, labels: { service } }));
  };
}

/** Servers of one name are one. */
function perServerName(read: (states: readonly ServedService[]) => number | undefined): () => Reading[] {
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

/** @param together how the numbers of a service's instances become one. */
function perInstance(
  read: (instance: CalledInstance) => number,
  together: (values: readonly number[]) => number,
): () => Reading[] {
  return () =>
    [...services()].flatMap(([service, channels]) => {
      const instances = channels.flatMap((channel) => channel.instances);
      if (!byInstance()) return [{ value: together(instances.map(read)), labels: { service } }];
      const byAddress = groupBy(instances, ({ address }) => address);
      return [...byAddress].map(([instance, same]) => ({
        value: together(same.map(read)),
        labels: { service, instance },
      }));
    });
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : sum(values) / values.length);

/** The metrics of Rollcall's own, beside those of single calls. */
export const GAUGES: readonly Gauge[] = [
  {
    name: "rollcall.client.instances",
    help: "Instances of a service that this process calls, by what their connection does",
    unit: "{instance}",
    labels: ["service", "state"],
    read: () =>
      [...services()].flatMap(([service, channels]) => {
        const states = groupBy(
          channels.flatMap(({ instances }) => instances),
          ({ state }) => state,
        );
        return [...states].map(([state, of]) => ({ value: of.length, labels: { service, state } }));
      }),
  },
  {
    name: "rollcall.client.instances_ready",
    help: "Instances that calls may go to now",
    unit: "{instance}",
    labels: ["service"],
    read: perService((channels) => sum(channels.map(({ instances }) => instances.filter(({ ready }) => ready).length))),
  },
  {
    name: "rollcall.client.instances_listed",
    help: "Instances in the registry's last answer",
    unit: "{instance}",
    labels: ["service"],
    read: perService((channels) => sum(channels.map(({ listed = 0 }) => listed))),
  },
  {
    name: "rollcall.client.instances_retained",
    help: "Instances in use though the registry has suddenly ceased to list them all (empty-update protection)",
    unit: "{instance}",
    labels: ["service"],
    read: perService((channels) => sum(channels.map(({ retained }) => retained))),
  },
  {
    name: "rollcall.client.instances_retired",
    help: "Instances no longer listed, whose connections are held for a moment without new calls",
    unit: "{instance}",
    labels: ["service"],
    read: perService((channels) => sum(channels.map(({ retired }) => retired))),
  },
  {
    name: "rollcall.client.attempts",
    help: "Attempts that ended",
    unit: "{attempt}",
    counts: true,
    labels: ["service"],
    read: sinceTheStart(closedChannels.calls, ({ totals }) => totals.calls),
  },
  {
    name: "rollcall.client.failures",
    help: "Attempts that ended and count against their instance",
    unit: "{attempt}",
    counts: true,
    labels: ["service"],
    read: sinceTheStart(closedChannels.failures, ({ totals }) => totals.failures),
  },
  {
    name: "rollcall.client.in_flight",
    help: "Calls that run now",
    unit: "{call}",
    labels: ["service", "instance"],
    read: perInstance(({ inFlight }) => inFlight, sum),
  },
  {
    name: "rollcall.client.expected_latency",
    help: "Latency that the balancer expects of the next call; without the instance's address the mean over instances",
    unit: "s",
    labels: ["service", "instance"],
    read: perInstance(({ expectedMs }) => expectedMs / 1000, mean),
  },
  {
    name: "rollcall.client.failure_rate",
    help: "How likely the balancer takes the next call to fail; without the instance's address the mean over instances",
    unit: "1",
    labels: ["service", "instance"],
    read: perInstance(({ failureRate }) => failureRate, mean),
  },
  {
    name: "rollcall.client.panic",
    help: "1 while no instance says that it serves and those that are connected are called all the same",
    unit: "1",
    labels: ["service"],
    read: perService((channels) => (channels.some(({ state }) => state === "panic") ? 1 : 0)),
  },
  {
    name: "rollcall.registry.answer_age",
    help: "Time since the registry last told the instances of a service; it grows while nothing changes",
    unit: "s",
    labels: ["service"],
    read: perService((channels) => {
      const ages = channels.flatMap(({ ageMs }) => (ageMs === undefined ? [] : [ageMs]));
      return ages.length === 0 ? undefined : Math.min(...ages) / 1000;
    }),
  },
  {
    name: "rollcall.registry.troubled",
    help: "1 while there is no fresh answer about a service",
    unit: "1",
    labels: ["service"],
    read: perService((channels) => (channels.some(({ trouble }) => trouble !== undefined) ? 1 : 0)),
  },
  {
    name: "rollcall.registry.sessions",
    help: "Registry clusters that this process uses, by the state of the connection to them",
    unit: "{session}",
    labels: ["backend", "state"],
    read: () => {
      const states = groupBy(clustersInUse(), ({ state }) => state.at);
      return [...states].map(([state, of]) => ({ value: of.length, labels: { backend: "etcd", state } }));
    },
  },
  {
    name: "rollcall.registry.watch_silence",
    help: "How long nothing has been heard of what is watched in etcd; it is asked for a word every few seconds, so more is lag",
    unit: "s",
    labels: ["backend"],
    read: () => {
      const silences = clustersInUse().flatMap(({ watcher }) => watcher.silentSeconds ?? []);
      return silences.length === 0 ? [] : [{ value: Math.max(...silences), labels: { backend: "etcd" } }];
    },
  },
  {
    name: "rollcall.server.listed",
    help: "1 while the registry lists this process's server, as far as is known; of servers that have a registry",
    unit: "1",
    labels: ["name"],
    read: perServerName((states) => {
      const toBeListed = states.filter(({ service }) => service !== undefined);
      if (toBeListed.length === 0) return undefined;
      return toBeListed.every(({ listed }) => listed) ? 1 : 0;
    }),
  },
  {
    name: "rollcall.server.in_flight",
    help: "Calls that this process's server is working on",
    unit: "{call}",
    labels: ["name"],
    read: perServerName((states) => sum(states.map(({ inFlight }) => inFlight))),
  },
  ...COUNTERS,
];
