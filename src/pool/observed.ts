import type { Weighed } from "../balancer/node.js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import type { TargetDiscovery } from "../discovery/target-discovery.js";
import type { Observed } from "../membership/channel-source.js";
import type { Membership } from "../membership/membership.js";
import type { PoolOptions } from "./options.js";
import type { PoolSession } from "./session.js";

/** What metrics, the flight recorder and `rollcall why` ask of a pool. */
export function observed<T>(
  { status }: TargetDiscovery,
  membership: Membership<ResolvedInstance, PoolSession<T>>,
  { zone, subset = 0 }: Pick<PoolOptions<T>, "zone" | "subset">,
  nodes: () => readonly Weighed<string>[],
): Observed {
  return {
    status,
    config: { zone, subset },
    connections: membership.connections,
    policy: "p2c_ewma",
    nodes,
    get unlisted() {
      return membership.unlisted;
    },
  };
}
