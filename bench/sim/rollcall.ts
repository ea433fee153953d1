import { type Node, P2cEwma, type P2cEwmaOptions } from "../../src/balancer/index.js";
import type { MakePolicy } from "./policy.js";

/** The product itself, or a changed copy of it; where servers report, each answer says how long one more call would take. */
export function rollcall(
  tuning: Partial<P2cEwmaOptions<number>> = {},
  Balancer = P2cEwma,
  { reports = false } = {},
): MakePolicy {
  return ({ now, random, expected }) => {
    const balancer = new Balancer<number>({ now, random, ...tuning });
    const nodes: Node<number>[] = [];
    return {
      set: (servers) => balancer.set(servers),
      pick: () => {
        const node = balancer.pick()!;
        nodes[node.key] = node;
        return node.key;
      },
      start: (server) => nodes[server]!.started(),
      end: (server, latencyMs, ok) => nodes[server]!.ended(latencyMs, ok, reports ? expected(server) : undefined),
    };
  };
}
