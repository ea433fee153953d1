import { closedChannels } from "../tally.js";
import type { Decision } from "./decisions/decision.js";
import type { CalledService, Percentiles, ServedService } from "./state.js";

/** A channel that can be asked what it knows. */
export interface ClientSource {
  readonly service: string;
  /** Of its own, among the sources of this process. */
  readonly id: number;
  state(): CalledService;
  decisions(): Decision[];
  /** The minute is over: its latencies, which begin anew. */
  turnMinute(): Percentiles | undefined;
}

export interface ServerSource {
  state(): ServedService;
}

/** Everything in this process that can be observed. */
export const clients = new Set<ClientSource>();
export const servers = new Set<ServerSource>();

/** Where this process serves metrics over HTTP; the host may be a wildcard. */
export interface MetricsEndpoint {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

export const metricsEndpoints = new Set<MetricsEndpoint>();

/** Told of the first source, so that what was asked for by the environment begins when there is something to see. */
const waiting: (() => void)[] = [];

export function onFirstSource(run: () => void): void {
  if (clients.size + servers.size > 0) run();
  else waiting.push(run);
}

export function addClient(source: ClientSource): () => void {
  clients.add(source);
  started();
  return () => {
    if (!clients.delete(source)) return;
    // What has been counted stays counted.
    const { service, totals } = source.state();
    closedChannels.calls.count(service, totals.calls);
    closedChannels.failures.count(service, totals.failures);
  };
}

/** An attempt of a channel that was closed meanwhile has ended. */
export function endedAfterClose(service: string, ok: boolean | undefined): void {
  closedChannels.calls.count(service);
  if (ok === false) closedChannels.failures.count(service);
}

export function addServer(source: ServerSource): () => void {
  servers.add(source);
  started();
  return () => servers.delete(source);
}

function started(): void {
  for (const run of waiting.splice(0)) run();
}
