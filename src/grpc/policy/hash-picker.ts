import { status } from "@grpc/grpc-js";
import { ConsistentHash } from "../../balancer/hashing/consistent-hash.js";
import type { ShownNode } from "../../balancer/node.js";
import type { ChannelSource } from "../../membership/channel-source.js";
import type { Connection } from "../../membership/connection/connection.js";
import { factsIn } from "../call-facts.js";
import { takeHashKey } from "../hash-key.js";
import { type Picker, type PickResult, PickResultType, QUEUE } from "../shield/experimental.js";
import { CallsInFlight } from "./calls-in-flight.js";
import type { GrpcSession } from "./connection/grpc-session.js";
import type { ListedEndpoint } from "./connection/grpc-transport.js";
import { RefusingSubchannel } from "./connection/refusing-subchannel.js";
import type { HashConfig } from "./hash-config.js";
import { HashedCall, type HashedCallObservers } from "./hashed-call.js";
import { NOT_SENT, usedUp } from "./not-sent.js";
import { Reservations } from "./reservations.js";

/** grpc-js says in it how often a call has been tried before. */
const ATTEMPTS = "grpc-previous-rpc-attempts";

/**
 * Sends equal keys to the same of the ready instances: go-zero's choice, exactly, while no instance has a weight and no bound
 * is set. A retry goes to the next instance on the ring.
 */
export class HashPicker implements Picker {
  readonly #connections: ReadonlyMap<string, Connection<ListedEndpoint, GrpcSession>>;
  readonly #ring: ConsistentHash<string>;
  readonly #reservations = new Reservations();
  readonly #inFlight = new CallsInFlight();
  readonly #observers: HashedCallObservers;
  #config: Pick<HashConfig, "requestHashHeader" | "boundedLoad"> = { requestHashHeader: "", boundedLoad: 0 };
  #keyless = refusalOf("");

  /** @param connections by the identity that set() names them by. */
  constructor(connections: ReadonlyMap<string, Connection<ListedEndpoint, GrpcSession>>, source: ChannelSource) {
    this.#connections = connections;
    this.#observers = { source, inFlight: this.#inFlight, reservations: this.#reservations };
    this.#ring = new ConsistentHash({ addressOf: (id) => connections.get(id)?.listed.instance.address ?? id });
  }

  /** Makes these the connections to choose from. */
  set(ids: Iterable<string>, config: HashConfig): void {
    if (config.requestHashHeader !== this.#config.requestHashHeader) {
      this.#keyless = refusalOf(config.requestHashHeader);
    }
    this.#config = config;
    this.#ring.set(ids, { weightOf: (id) => this.#connections.get(id)?.listed.instance.weight ?? 1 });
  }

  /** What is in flight; of latencies and failures the ring knows nothing. */
  nodes(): ShownNode<string>[] {
    return Array.from(this.#inFlight.entries(), ([key, inFlight]) => ({
      key,
      inFlight,
      ewmaMs: 0,
      failureRate: 0,
      distance: 1,
    }));
  }

  pick({ metadata, extraPickInfo }: Parameters<Picker["pick"]>[0]): PickResult {
    this.#reservations.expire();
    const facts = factsIn(extraPickInfo);
    const refusal = usedUp(facts);
    if (refusal) return refusal;
    const key = takeHashKey(metadata, this.#config.requestHashHeader);
    if (key === undefined) return this.#keyless;
    const tried = facts ? facts.history.tried : this.#firstOf(key, Number(metadata.get(ATTEMPTS)[0] ?? 0));
    const id = this.#choose(key, tried);
    if (facts?.isSecond && id !== undefined && tried?.has(id)) return NOT_SENT;
    const connection = id === undefined ? undefined : this.#connections.get(id);
    const session = connection?.session;
    // It has just gone, and the policy is about to say so.
    if (id === undefined || !session) return QUEUE;
    // The key's place is there and nowhere else, so the call waits for the answer: it comes, or the instance goes.
    if (connection.stale) connection.probe("idle");
    if (connection.state.is === "probing") return QUEUE;
    facts?.tries(id);
    return new HashedCall(id, session.observed, facts, this.#observers);
  }

  /** @param tried instances that have had this call before. */
  #choose(key: string, tried: ReadonlySet<string> | undefined): string | undefined {
    const { boundedLoad } = this.#config;
    if (!tried && boundedLoad === 0) return this.#ring.pick(key);
    const most = boundedLoad === 0 ? Infinity : Math.ceil((boundedLoad * (this.#inFlight.total + 1)) / this.#ring.size);
    const chosen = this.#ring.pick(key, (id) => !tried?.has(id) && this.#inFlight.at(id) < most);
    // All others are at the bound: rather beyond it than back to where the call has been.
    return chosen !== undefined && tried?.has(chosen) ? this.#ring.pick(key, (id) => !tried.has(id)) : chosen;
  }

  /** Under another resolver than Rollcall's only the number of attempts is known: they went to the first on the ring. */
  #firstOf(key: string, attempts: number): ReadonlySet<string> | undefined {
    if (!(attempts > 0)) return undefined;
    const first = new Set<string>();
    for (let n = 0; n < Math.min(attempts, this.#ring.size - 1); n++) {
      const had = this.#ring.pick(key, (id) => !first.has(id));
      if (had !== undefined) first.add(had);
    }
    return first;
  }
}

function refusalOf(header: string): PickResult {
  const where = header
    ? `in the metadata ${header}, or by withHashKey()`
    : "by withHashKey(), or name its metadata in HashKey (requestHashHeader in a service config)";
  const details = `consistent_hash needs a key for each call: give it ${where}`;
  return {
    pickResultType: PickResultType.COMPLETE,
    subchannel: new RefusingSubchannel(status.INVALID_ARGUMENT, details).asSubchannel(),
    status: null,
    onCallStarted: null,
    onCallEnded: null,
  };
}
