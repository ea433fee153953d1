import { clustersInUse } from "../../etcd-client/clusters-in-use.js";
import { groupBy } from "../../group-by.js";
import { closedChannels } from "../../tally.js";
import { COUNTERS } from "./counters.js";
import { type Gauge, mean, perInstance, perServerName, perService, services, sinceTheStart, sum } from "./readings.js";

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
    help: "Latency that the balancer expects of the next call; without the instance's address the mean over instances that it knows",
    unit: "s",
    labels: ["service", "instance"],
    read: perInstance(({ expectedMs }) => (expectedMs > 0 ? expectedMs / 1000 : undefined), mean),
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
