import { Hedging, type Node, P2cEwma, type P2cEwmaOptions } from "../../../src/balancer/index.js";
import type { MakePolicy } from "./policy.js";

interface Variant {
  /** Each answer says how long one more call would take. */
  readonly reports?: boolean;
  /** Calls are told apart by their kind; else the balancer takes them all as one. */
  readonly kinds?: boolean;
  /** Second copies of slow calls. */
  readonly hedging?: boolean;
}

/** A node of a balancer that takes reports. */
interface ReportedNode extends Node<number> {
  ended(latencyMs?: number, ok?: boolean, kind?: string, answered?: boolean, report?: number): void;
}

/** The product itself, or a changed copy of it. */
export function rollcall(
  tuning: Partial<P2cEwmaOptions<number>> = {},
  Balancer = P2cEwma,
  { reports = false, kinds = true, hedging = false }: Variant = {},
): MakePolicy {
  return ({ now, random, expected }) => {
    const balancer = new Balancer<number>({ now, random, ...tuning });
    const nodes: Node<number>[] = [];
    const told = (kind?: string) => (kinds ? kind : undefined);
    return {
      ...(hedging && { hedging: new Hedging<string>({ now, random }) }),
      set: (servers) => balancer.set(servers),
      pick: (kind, tried) => {
        const node = balancer.pick(tried === undefined ? undefined : new Set([tried]), told(kind))!;
        nodes[node.key] = node;
        return node.key;
      },
      start: (server, kind) => nodes[server]!.started(told(kind)),
      answer: (server, latencyMs, kind) => nodes[server]!.answered(latencyMs, told(kind)),
      end: (server, latencyMs, ok, kind) => {
        const node = nodes[server] as ReportedNode;
        if (reports) node.ended(latencyMs, ok, told(kind), undefined, expected(server));
        else node.ended(latencyMs, ok, told(kind));
      },
    };
  };
}
