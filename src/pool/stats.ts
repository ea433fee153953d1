import type { Node } from "../balancer/node.js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import type { ChannelStatus } from "../discovery/status.js";
import type { ConnectionState } from "../membership/connection/connection-state.js";
import type { Membership } from "../membership/membership.js";
import type { PoolSession } from "./session.js";

/** One instance that the pool is connected to, or wants to be. */
export interface PoolInstanceStats {
  readonly address: string;
  readonly zone?: string;
  readonly weight?: number;
  readonly state: ConnectionState["is"];
  /** Exchanges under way. */
  readonly inFlight: number;
  /** Latency expected of its next exchange, in milliseconds; 0 while nobody knows. */
  readonly expectedMs: number;
  /** How likely its next exchange is to fail, 0 to 1. */
  readonly failureRate: number;
  /** Why there is no connection. */
  readonly error?: string;
}

/** A pool at this moment. */
export interface PoolStats {
  readonly service: string;
  readonly registry: string;
  /** Instances that the registry lists; undefined before its first answer. */
  readonly listed: number | undefined;
  /** Instances that can take an exchange. */
  readonly ready: number;
  /** Callers that wait for an instance. */
  readonly waiting: number;
  /** Why there is no fresh answer of the registry. */
  readonly trouble?: string;
  readonly instances: readonly PoolInstanceStats[];
}

export function statsOf<T>(
  status: ChannelStatus,
  { connections }: Membership<ResolvedInstance, PoolSession<T>>,
  nodes: readonly Node<string>[],
  waiting: number,
): PoolStats {
  const byId = new Map(nodes.map((node) => [node.key, node]));
  const instances = [...connections].map(([id, { listed, state, session, lastError }]): PoolInstanceStats => {
    const { address, zone, weight } = listed.instance;
    const node = byId.get(id);
    return {
      address,
      ...(zone !== undefined && { zone }),
      ...(weight !== undefined && { weight }),
      state: state.is,
      inFlight: session?.exchanges ?? 0,
      expectedMs: node?.ewmaMs ?? 0,
      failureRate: node?.failureRate ?? 0,
      ...(lastError !== undefined && { error: lastError }),
    };
  });
  const { target, registry, listed, ready, trouble } = status;
  return {
    service: target.service,
    registry,
    listed,
    ready,
    waiting,
    ...(trouble && { trouble: trouble.message }),
    instances,
  };
}
