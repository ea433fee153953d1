import type { Node, Weighed } from "../balancer/node.js";
import { P2cEwma } from "../balancer/p2c/p2c-ewma.js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import type { Instance } from "../instance.js";
import type { ChannelSource } from "../membership/channel-source.js";
import type { Connection } from "../membership/connection/connection.js";
import type { ExchangeOptions } from "./exchange-options.js";
import { PoolLease } from "./lease.js";
import type { PoolSession } from "./session.js";

/** So many picks are made, past connections that are stale or full, before an exchange waits for an answer of the stale ones. */
const PICKS = 6;

/** Which instance an exchange gets: the balancer's choice of those that may be called, past connections that are stale or full. */
export class PoolPicker<T> {
  readonly #connections: ReadonlyMap<string, Connection<ResolvedInstance, PoolSession<T>>>;
  readonly #source: ChannelSource;
  readonly #probes: boolean;
  readonly #capacity: (connection: T) => number;
  readonly #balancer: P2cEwma<string>;
  #distance: (instance: Instance) => number = () => 1;
  /** Of the last pick, in the flight recorder. */
  #decision = -1;

  /**
   * @param connections by the identity that set() names them by.
   * @param probes whether a connection that is stale can be asked whether anybody is at the other end.
   * @param capacity how many exchanges a connection takes at a time: a further one would wait for the end of one.
   */
  constructor(
    connections: ReadonlyMap<string, Connection<ResolvedInstance, PoolSession<T>>>,
    source: ChannelSource,
    probes: boolean,
    capacity: (connection: T) => number,
  ) {
    this.#connections = connections;
    this.#source = source;
    this.#probes = probes;
    this.#capacity = capacity;
    this.#balancer = new P2cEwma<string>({
      weight: (id) => connections.get(id)?.listed.instance.weight ?? 1,
      distance: (id) => this.#distance(connections.get(id)!.listed.instance),
      onPick: (chosen, first, second, remembered, kind) => {
        const { recorder, recorded } = source;
        if (recorder) this.#decision = recorder.picked(recorded, kind, chosen, first, second, remembered);
      },
    });
  }

  /** What the balancer knows of each instance. */
  nodes(): readonly Weighed<string>[] {
    return this.#balancer.nodes();
  }

  /** Makes these the instances to choose from. */
  set(ids: Iterable<string>, distance: (instance: Instance) => number): void {
    this.#distance = distance;
    this.#balancer.set(ids);
  }

  /** @param tried identities of instances to be avoided while there are others. */
  take(options: ExchangeOptions, tried: ReadonlySet<string> | undefined): PoolLease<T> | undefined {
    const { kind } = options;
    let avoided = tried;
    let probed = false;
    for (let picks = 0; picks < PICKS; picks++) {
      const node = this.#balancer.pick(avoided, kind);
      if (!node) return undefined;
      // Only where there is no other.
      const isAvoided = avoided?.has(node.key) === true;
      const connection = this.#connections.get(node.key);
      const session = connection?.session;
      if (!session || (this.#probes && connection.stale)) {
        connection?.probe("idle");
        probed = true;
      } else if (!this.#isFull(session) || (isAvoided && !probed)) {
        if (tried?.size) this.#source.recorder?.started(this.#decision, tried.size + 1);
        return new PoolLease(node, connection.listed.instance, session, this.#source, this.#decision, options);
      } else if (!isAvoided) avoided = this.#fullOnes(tried);
      // One that is probed may have room in a moment.
      else return this.#putBack(node, kind);
      this.#putBack(node, kind);
    }
    return undefined;
  }

  #putBack(node: Node<string>, kind: string | undefined): undefined {
    node.released(kind);
    this.#source.recorder?.forget(this.#decision);
  }

  #isFull({ exchanges, connection }: PoolSession<T>): boolean {
    return exchanges >= this.#capacity(connection);
  }

  /** These, and all whose connection runs as many exchanges as it takes. */
  #fullOnes(these: ReadonlySet<string> | undefined): ReadonlySet<string> {
    const found = new Set(these);
    for (const [id, { session }] of this.#connections) if (session && this.#isFull(session)) found.add(id);
    return found;
  }
}
