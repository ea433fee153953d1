/**
 * What a process tells of itself: the JSON of `GET /state` on its inspect socket (inspect-server.ts). One schema for the
 * command line and the console; docs/observability.md describes it. Times are milliseconds, points in time are
 * milliseconds since the epoch.
 */

/** Rises when a field changes its meaning or goes; new fields may come without. */
export const STATE_SCHEMA = 1;

export interface ProcessState {
  readonly schema: typeof STATE_SCHEMA;
  readonly pid: number;
  /** Names of the servers of this process, else its script. */
  readonly name: string;
  readonly host: string;
  readonly startedAt: number;
  readonly now: number;
  /** Services that this process calls, one entry a channel. */
  readonly calls: readonly CalledService[];
  /** Servers of this process. */
  readonly serves: readonly ServedService[];
  readonly registries: readonly RegistrySession[];
  /** Ports at which it tells its metrics over HTTP too (DevServer, Prometheus). */
  readonly metricsPorts: readonly number[];
}

/** One channel to a service. */
export interface CalledService {
  /** Tells the channels of one process apart, those of one service too. */
  readonly id: number;
  /** Service key, as in the registry. */
  readonly service: string;
  /** The registry as a person names it, for example `etcd 10.0.0.1:2379`. */
  readonly registry: string;
  /** What chooses an instance for each call: `p2c_ewma`, or `consistent_hash`, of which no decisions are recorded. */
  readonly policy: string;
  /** What the channel can do for its callers. `panic`: nobody says that it serves, and those connected are called all the same. */
  readonly state: "ready" | "connecting" | "failing" | "panic";
  /** Instances in the set in use; undefined while the registry has not answered. */
  readonly listed: number | undefined;
  /** Instances in use though the registry has suddenly ceased to list them all (empty-update protection). */
  readonly retained: number;
  /** Instances no longer listed, whose connections are held for a moment without new calls. */
  readonly retired: number;
  /** Where the set in use is from: the registry's answer, this process's memory of an earlier one, or a snapshot; undefined while there is none. */
  readonly source: "registry" | "memory" | "snapshot" | undefined;
  /** Since the registry gave that answer, in milliseconds; undefined while there is none. */
  readonly ageMs: number | undefined;
  /** Why there is no fresh answer. */
  readonly trouble: string | undefined;
  /** The zone this client prefers; empty for none. */
  readonly zone: string;
  /** So many instances it connects to at most; 0 = all, up to 500. */
  readonly subset: number;
  readonly totals: CallCounts;
  /** Latency of the calls that ended in the last minute or the one before; undefined without any. */
  readonly latency: Percentiles | undefined;
  readonly instances: readonly CalledInstance[];
}

export interface CallCounts {
  /** Calls that ended; each attempt counts. */
  readonly calls: number;
  /** Those of them that count against the instance (docs/balancing.md, "Which ends count against an instance"). */
  readonly failures: number;
}

export interface Percentiles {
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
}

/** What a connection to an instance is doing, in one word. */
export type InstanceState =
  | "idle"
  | "connecting"
  /** The last attempt to connect failed. */
  | "failing"
  | "checking health"
  | "serving"
  | "not serving"
  | "probing"
  /** Given up. */
  | "closed";

export interface CalledInstance extends CallCounts {
  /** As decisions name it: its address and, where that is a host name, what the name means now. */
  readonly id: string;
  /** `host:port`. */
  readonly address: string;
  readonly weight: number;
  readonly zone: string | undefined;
  /** `version` of its metadata. */
  readonly version: string | undefined;
  readonly state: InstanceState;
  /** Whether calls may go to it now. */
  readonly ready: boolean;
  /** Why not; undefined for one that is ready. */
  readonly setAside: string | undefined;
  readonly inFlight: number;
  /** Expected latency of the next call, its running calls not counted; 0 while nobody knows. */
  readonly expectedMs: number;
  /** How likely the next call is to fail, 0 to 1. */
  readonly failureRate: number;
  /** How many times dearer a call is than to one nearby: 1, or more in another zone. */
  readonly distance: number;
  /** Part of this channel's calls that went there, 0 to 1. */
  readonly share: number;
  /** Latency of the calls that ended there in the last minute or the one before; undefined without any. */
  readonly latency: Percentiles | undefined;
}

export interface ServedService {
  /** Name of the configuration; empty without one. */
  readonly name: string;
  /** As registered; undefined before it is bound. */
  readonly address: string | undefined;
  /** State of the server's life, for example `serving`, `paused` or `draining`. */
  readonly state: string;
  /** Key it is listed under; undefined where it is not to be listed. */
  readonly service: string | undefined;
  readonly registry: string | undefined;
  /** Whether the registry lists it, as far as is known. */
  readonly listed: boolean;
  /** Calls being served now. */
  readonly inFlight: number;
  readonly totals: CallCounts;
}

/** The connection to one etcd cluster, which everything in the process shares. */
export interface RegistrySession {
  readonly backend: "etcd";
  readonly hosts: readonly string[];
  readonly state: "starting" | "connected" | "lost" | "unreachable" | "closed";
  /** The host connected to. */
  readonly host: string | undefined;
  readonly reason: string | undefined;
  /** How long nothing has been heard of what is watched, in seconds; a few are usual. undefined while no watch stands. */
  readonly watchSilentSeconds: number | undefined;
}
