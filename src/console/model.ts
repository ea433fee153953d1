import type { Health } from "../operator/health-state.js";

/** What the console knows of a fleet, as its server tells its page: the whole at first, what has changed afterwards. */

export interface Fleet {
  /** Rises with every change; a page that has missed one asks for the whole again. */
  readonly version: number;
  /** The hosts of etcd. */
  readonly registry: string;
  /** Why the registry does not answer; what is shown is what it said last. */
  readonly trouble?: string;
  /** Why there is no map. */
  readonly mapTrouble?: string;
  readonly rows: readonly InstanceRow[];
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** The newest last. */
  readonly events: readonly FleetEvent[];
}

/** One instance of one service. */
export interface InstanceRow {
  /** Service and address. */
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly paused: boolean;
  /** What its own health service says. */
  readonly health: Health;
  readonly weight: number;
  readonly zone: string;
  readonly version: string;
  /** Milliseconds since the epoch: when it was first seen, or when its process began, where that is known. */
  readonly since: number;
  /** It was there before the console was: `since` is a bound. */
  readonly older: boolean;
  /** Keys that list this address: more than one are duplicates. */
  readonly keys: number;
  /** Nothing takes its key out when its process dies. */
  readonly leaseless: boolean;
  readonly stats?: Stats;
}

/**
 * Of the last ten seconds; where callers tell no counts of single instances, the failure share and latency that their balancers
 * expect.
 */
export interface Stats {
  /** Missing where only failures and latency are known. */
  readonly callsPerSecond?: number;
  /** 0 to 1. */
  readonly failureShare: number;
  readonly latencyMs?: number;
  /** Part of the service's calls that go there, 0 to 1. */
  readonly share?: number;
}

/** A service, or client processes of one name that serve nothing. */
export interface MapNode {
  readonly id: string;
  readonly name: string;
  readonly kind: "service" | "client";
  /** Instances listed, or processes. */
  readonly size: number;
}

export interface MapEdge {
  readonly from: string;
  readonly to: string;
  /** Processes that call. */
  readonly processes: number;
  readonly callsPerSecond?: number;
  readonly failureShare?: number;
}

export type EventKind = "joined" | "left" | "paused" | "resumed" | "health" | "changed" | "calls" | "calls no more";

export interface FleetEvent {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: EventKind;
  readonly service: string;
  /** The instance, or who calls. */
  readonly who: string;
  /** Why, or what it is now. */
  readonly detail?: string;
}

/** So many events are kept. */
export const MOST_EVENTS = 500;

/** What makes the fleet before into the one now. */
export interface Update {
  readonly version: number;
  readonly trouble: string | undefined;
  readonly mapTrouble: string | undefined;
  /** New ones and those that are not as they were. */
  readonly rows: readonly InstanceRow[];
  /** Ids of those that are gone. */
  readonly gone: readonly string[];
  /** All of them where any has changed. */
  readonly nodes?: readonly MapNode[];
  readonly edges?: readonly MapEdge[];
  /** The new ones. */
  readonly events: readonly FleetEvent[];
}

export function instanceId(service: string, address: string): string {
  return `${service} ${address}`;
}
