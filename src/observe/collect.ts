import { hostname } from "node:os";
import { basename } from "node:path";
import { clustersInUse } from "../etcd-client/clusters-in-use.js";
import { redactText } from "../target/redact.js";
import { clients, metricsEndpoints, servers } from "./sources.js";
import { type ProcessState, type RegistrySession, type ServedService, STATE_SCHEMA } from "./state.js";

/** The state of this process as it is now. */
export function processState(): ProcessState {
  const serves = [...servers].map((server) => server.state());
  return {
    schema: STATE_SCHEMA,
    pid: process.pid,
    name: processName(serves),
    host: hostname(),
    startedAt: Math.round(performance.timeOrigin),
    now: Date.now(),
    calls: [...clients].map((client) => client.state()),
    serves,
    registries: registries(),
    metricsPorts: [...metricsEndpoints].map(({ port }) => port),
  };
}

/** Names of the servers of this process, else its script. */
export function processName(serves: readonly ServedService[]): string {
  const named = [...new Set(serves.map(({ name }) => name).filter((name) => name !== ""))];
  return named.join(", ") || basename(process.argv[1] ?? process.title);
}

function registries(): RegistrySession[] {
  return clustersInUse().map(({ state, watcher }) => ({
    backend: "etcd",
    hosts: state.hosts,
    state: state.at,
    host: state.at === "connected" ? state.host : undefined,
    reason: "reason" in state ? redactText(state.reason) : undefined,
    watchSilentSeconds: watcher.silentSeconds,
  }));
}
