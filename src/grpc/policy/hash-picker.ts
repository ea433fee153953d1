import { status } from "@grpc/grpc-js";
import { ConsistentHash } from "../../balancer/hashing/consistent-hash.js";
import type { ShownNode } from "../../balancer/node.js";
import { outcomeOf } from "../../balancer/outcome.js";
import type { ChannelSource } from "../../membership/channel-source.js";
import type { Connection } from "../../membership/connection/connection.js";
import { type CallHistory, factsIn } from "../call-facts.js";
import { takeHashKey } from "../hash-key.js";
import { type Picker, type PickResult, PickResultType, QUEUE } from "../shield.js";
import type { GrpcSession } from "./connection/grpc-session.js";
import type { ListedEndpoint } from "./connection/grpc-transport.js";
import type { ObservedCall } from "./connection/observed-subchannel.js";
import { RefusingSubchannel } from "./connection/refusing-subchannel.js";
import type { HashConfig } from "./hash-config.js";
import { Reservations } from "./reservations.js";
import { usedUp } from "./used-up.js";

/** grpc-js says in it how often a call has been tried before. */
const ATTEMPTS = "grpc-previous-rpc-attempts";

/**
 * Sends equal keys to the same of the ready instances: go-zero's choice, exactly, while no instance has a weight and no bound
 * is set. A retry goes to the next instance on the ring.
 */
export class HashPicker implements Picker {
  readonly #connections: ReadonlyMap<string, Connection<ListedEndpoint, GrpcSession>>;
  readonly #source: ChannelSource;
  readonly #ring: ConsistentHash<string>;
  readonly #reservations = new Reservations();
  readonly #inFlight = new Map<string, number>();
  #total = 0;
  #config: Pick<HashConfig, "requestHashHeader" | "boundedLoad"> = { requestHashHeader: "", boundedLoad: 0 };
  #keyless = refusalOf("");

  /** @param connections by the identity that set() names them by. */
  constructor(connections: ReadonlyMap<string, Connection<ListedEndpoint, GrpcSession>>, source: ChannelSource) {
    this.#connections = connections;
    this.#source = source;
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
    return [...this.#inFlight].map(([key, inFlight]) => ({ key, inFlight, ewmaMs: 0, failureRate: 0, distance: 1 }));
  }

  pick({ metadata, extraPickInfo }: Parameters<Picker["pick"]>[0]): PickResult {
    this.#reservations.expire();
    const history = factsIn(extraPickInfo)?.history;
    const refusal = usedUp(history);
    if (refusal) return refusal;
    const key = takeHashKey(metadata, this.#config.requestHashHeader);
    if (key === undefined) return this.#keyless;
    const tried = history ? history.tried : this.#firstOf(key, Number(metadata.get(ATTEMPTS)[0] ?? 0));
    const id = this.#choose(key, tried);
    const connection = id === undefined ? undefined : this.#connections.get(id);
    const session = connection?.session;
    // It has just gone, and the policy is about to say so.
    if (id === undefined || !session) return QUEUE;
    if (!connection.stale) {
      history?.tries(id);
      return this.#resultFor(id, session, history);
    }
    // The key's place is there and nowhere else, so the call waits for the answer: it comes, or the instance goes.
    connection.probe("idle");
    return QUEUE;
  }

  /** @param tried instances that have had this call before. */
  #choose(key: string, tried: ReadonlySet<string> | undefined): string | undefined {
    const { boundedLoad } = this.#config;
    if (!tried && boundedLoad === 0) return this.#ring.pick(key);
    const most = boundedLoad === 0 ? Infinity : Math.ceil((boundedLoad * (this.#total + 1)) / this.#ring.size);
    return this.#ring.pick(key, (id) => !tried?.has(id) && (this.#inFlight.get(id) ?? 0) < most);
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

  #resultFor(id: string, { observed }: GrpcSession, history: CallHistory | undefined): PickResult {
    // Of calls that are started together all are picked for before the first one starts.
    this.#count(id, 1);
    const reservation = this.#reservations.add({ released: () => this.#count(id, -1) });
    let call: ObservedCall | undefined;
    let startedAt = 0;
    let answeredAt: number | undefined;
    return {
      pickResultType: PickResultType.COMPLETE,
      subchannel: observed.asSubchannel(),
      status: null,
      onCallStarted: () => {
        call = observed.takeStartedCall();
        startedAt = performance.now();
        const onFirstMessage = (now: number) => {
          answeredAt = now;
        };
        if (call) call.watcher = { onFirstMessage, onRefused: () => false };
        history?.start();
        reservation.settle();
      },
      onCallEnded: (code: status) => {
        if (!reservation.expired) this.#count(id, -1);
        const outcome = call?.pushback ? "ignore" : outcomeOf(code, call?.endedByFarSide);
        const ok = outcome === "ignore" ? undefined : outcome === "success";
        this.#source.stats.ended(id, (answeredAt ?? performance.now()) - startedAt, ok);
      },
    };
  }

  #count(id: string, change: 1 | -1): void {
    this.#total += change;
    const now = (this.#inFlight.get(id) ?? 0) + change;
    if (now > 0) this.#inFlight.set(id, now);
    else this.#inFlight.delete(id);
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
