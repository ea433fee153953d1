import type { P2cEwma as Balancer, Node, Weighed } from "../../src/balancer/index.js";
import { alone, type Policy } from "../sim/policies/policy.js";
import { references } from "../sim/policies/references.js";

/**
 * The simulator's go-zero policy in the shape of Rollcall's balancer. It knows neither kinds of calls nor what was tried, and
 * go-zero's breaker is no part of it.
 */
export class P2cEwma<K> implements Pick<Balancer<K>, keyof Balancer<K>> {
  #policy = newPolicy();
  #nodes: RuledNode<K>[] = [];

  get size(): number {
    return this.#nodes.length;
  }

  nodes(): readonly Weighed<K>[] {
    return this.#nodes;
  }

  /** go-zero begins anew at every change of members, and only then. */
  set(keys: Iterable<K>): void {
    const wanted = new Set(keys);
    if (wanted.size === this.size && this.#nodes.every(({ key }) => wanted.has(key))) return;
    const policy = newPolicy();
    policy.set([...wanted].map((_, server) => server));
    this.#policy = policy;
    this.#nodes = [...wanted].map((key, server) => new RuledNode(key, server, policy));
  }

  pick(): Node<K> | undefined {
    return this.size === 0 ? undefined : this.#nodes[this.#policy.pick()]!.picked();
  }
}

function newPolicy(): Policy {
  return references["go-zero p2c"]!({ ...alone(() => performance.now(), 1), random: Math.random });
}

class RuledNode<K> implements Weighed<K> {
  readonly key: K;
  readonly #server: number;
  readonly #policy: Policy;
  /** When the streams that go on began, the longest first. */
  readonly #streams: number[] = [];
  inFlight = 0;
  // What is only shown, and what go-zero's rule does not know.
  readonly ewmaMs = 0;
  readonly expectedMs = 0;
  readonly failureRate = 0;
  readonly weighed = 0;
  readonly distance = 1;
  readonly share = 1;

  constructor(key: K, server: number, policy: Policy) {
    this.key = key;
    this.#server = server;
    this.#policy = policy;
  }

  load(): number {
    return 0;
  }

  picked(): this {
    this.inFlight += 1;
    return this;
  }

  started(): void {}

  waits(): void {}

  answered(latencyMs: number): void {
    this.#streams.push(performance.now() - latencyMs);
  }

  /** go-zero takes the time to a stream's end for its latency, and what says nothing of an instance for a success. */
  ended(latencyMs?: number, ok = true, _kind?: string, answered = false): void {
    this.inFlight -= 1;
    const began = answered ? this.#streams.shift() : undefined;
    const ms = latencyMs ?? (began === undefined ? undefined : performance.now() - began);
    this.#policy.end(this.#server, ms ?? 0, ms === undefined ? undefined : ok);
  }

  released(): void {
    this.inFlight -= 1;
    this.#policy.end(this.#server, 0, undefined);
  }
}
