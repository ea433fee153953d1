import type { Weighed } from "../balancer/node.js";
import { P2cEwma } from "../balancer/p2c/p2c-ewma.js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import type { Instance } from "../instance.js";
import type { ChannelSource } from "../membership/channel-source.js";
import type { Connection } from "../membership/connection/connection.js";
import type { ExchangeOptions } from "./exchange-options.js";
import { PoolLease } from "./lease.js";
import type { PoolSession } from "./session.js";

/** So many connections are passed over, stale or full, before an exchange waits. */
const PASSED = 5;

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
    for (let passed = 0; passed < PASSED; passed++) {
      const node = this.#balancer.pick(avoided, kind);
      if (!node) return undefined;
      const connection = this.#connections.get(node.key);
      const session = connection?.session;
      if (!session || (this.#probes && connection.stale)) connection?.probe("idle");
      // A full one is waited for where no other is left.
      else if (!this.#isFull(session) || !this.#hasOthers(avoided) || passed === PASSED - 1) {
        if (tried?.size) this.#source.recorder?.started(this.#decision, tried.size + 1);
        return new PoolLease(node, connection.listed.instance, session, this.#source, this.#decision, options);
      } else avoided = new Set(avoided).add(node.key);
      node.released(kind);
      this.#source.recorder?.forget(this.#decision);
    }
    return undefined;
  }

  #isFull({ exchanges, connection }: PoolSession<T>): boolean {
    return exchanges >= this.#capacity(connection);
  }

  /** Whether there are more than the one last picked and those to be avoided. */
  #hasOthers(avoided: ReadonlySet<string> | undefined): boolean {
    return this.#balancer.size - 1 > (avoided?.size ?? 0);
  }
}
