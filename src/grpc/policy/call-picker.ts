import { type Node, P2cEwma, type Weighed } from "../../balancer/p2c/p2c-ewma.js";
import type { Instance } from "../../instance.js";
import { logs } from "../../log.js";
import type { ChannelSource } from "../../membership/channel-source.js";
import type { Connection } from "../../membership/connection/connection.js";
import { upState } from "../../membership/connection/connection-state.js";
import { distanceFrom } from "../../membership/zone.js";
import { type CallFacts, factsIn } from "../call-facts.js";
import { type Picker, type PickResult, QUEUE } from "../shield/experimental.js";
import { Avoidance } from "./avoidance.js";
import type { GrpcSession } from "./connection/grpc-session.js";
import type { ListedEndpoint } from "./connection/grpc-transport.js";
import type { ObservedSubchannel } from "./connection/observed-subchannel.js";
import { LastingCalls } from "./lasting-calls.js";
import { NOT_SENT, usedUp } from "./not-sent.js";
import { type CallObservers, type Compared, PickedCall } from "./picked-call.js";
import type { PolicyConfig } from "./policy-config.js";
import { Reservations } from "./reservations.js";

export type GrpcConnection = Connection<ListedEndpoint, GrpcSession>;

/** So many connections are found stale, and probed, before a call waits for an answer. */
const STALE_PICKS = 5;

/** A call that goes on for one to two of these after its first message is taken for a stream, in milliseconds. */
const ANSWERED_MS = 10;
/** A stream that waits for its first message for one to two of these is no load any more. */
const QUIET_MS = 1_000;

/** Chooses the connection of each call by the balancer and tells the balancer how the call went. */
export class CallPicker implements Picker {
  readonly #balancer: P2cEwma<string>;
  readonly #connections: ReadonlyMap<string, GrpcConnection>;
  readonly #source: ChannelSource;
  readonly #reservations = new Reservations();
  #compared: readonly Compared[] = [];
  /** Of the last pick, in the flight recorder. */
  #decision = -1;
  #distance: (instance: Instance) => number = () => 1;
  readonly #avoidance: Avoidance;
  readonly #observers: CallObservers;

  /** @param connections by the identity that the balancer knows them by. */
  constructor(connections: ReadonlyMap<string, GrpcConnection>, source: ChannelSource) {
    this.#connections = connections;
    this.#source = source;
    this.#avoidance = new Avoidance(
      () => source.service,
      () => this.#arrange(),
    );
    this.#observers = {
      source,
      avoidance: this.#avoidance,
      answered: new LastingCalls(ANSWERED_MS),
      quiet: new LastingCalls(QUIET_MS),
    };
    this.#balancer = new P2cEwma<string>({
      weight: (id) => connections.get(id)?.listed.instance.weight ?? 1,
      // After close() calls still run, and may change who is called, but no connection is a member any more.
      distance: (id) => {
        const connection = connections.get(id);
        return connection ? this.#distance(connection.listed.instance) : 1;
      },
      onPick: (chosen, first, second, remembered, kind) => {
        const { recorder, recorded } = source;
        if (recorder) this.#decision = recorder.picked(recorded, kind, chosen, first, second, remembered);
        if (logs("debug")) this.#compared = compare([first, second, remembered], kind);
      },
    });
  }

  /** Makes these the connections to choose from, those of the client's own zone first. */
  set(usable: Iterable<string>, config: PolicyConfig, instances: readonly Instance[]): void {
    this.#distance = distanceFrom(config.zone, instances);
    const ids = [...new Set(usable)];
    const up = [...this.#connections.values()].filter(({ state }) => upState(state) !== undefined).length;
    this.#avoidance.set(ids, Math.max(0, up - ids.length), config);
    this.#avoidance.keep(this.#connections);
    this.#arrange();
  }

  /** What is known of an instance that is set aside for a time is kept by the balancer, as of one that leaves. */
  #arrange(): void {
    this.#balancer.set(this.#avoidance.called());
    this.#source.full = this.#avoidance.full();
  }

  /** Those to choose from, for display. */
  nodes(): readonly Weighed<string>[] {
    return this.#balancer.nodes();
  }

  pick({ extraPickInfo }: Parameters<Picker["pick"]>[0]): PickResult {
    this.#reservations.expire();
    // Where nobody tells, all calls are of one kind.
    const facts = factsIn(extraPickInfo);
    const kind = facts?.method;
    const history = facts?.history;
    const refusal = usedUp(facts) ?? this.#avoidance.refusal();
    if (refusal) return refusal;
    for (let stale = 0; stale < STALE_PICKS; stale++) {
      const node = this.#choose(history?.tried, kind);
      if (!node) return QUEUE;
      if (facts?.isSecond && history?.tried?.has(node.key)) {
        this.#giveBack(node, kind);
        return NOT_SENT;
      }
      const connection = this.#connections.get(node.key);
      const session = connection?.session;
      if (session && !connection.stale) {
        if (history && history.started > 0) this.#source.recorder?.started(this.#decision, history.started + 1);
        facts?.tries(node.key);
        return this.#resultFor(node, kind, session.observed, facts);
      }
      // It has just gone, or nothing has passed on it for so long that the way may be gone: the call goes elsewhere, or waits
      // until the policy has something new to say.
      connection?.probe("idle");
      this.#giveBack(node, kind);
    }
    return QUEUE;
  }

  /** The balancer's choice, unless such calls fail there: then, as long as so many may be avoided, its choice of the others. */
  #choose(tried: ReadonlySet<string> | undefined, kind: string | undefined): Node<string> | undefined {
    let node = this.#balancer.pick(tried, kind);
    let avoided: Set<string> | undefined;
    while (node && this.#avoidance.avoids(node.key, kind ?? "")) {
      if (!this.#avoidance.mayAvoid(avoided?.size ?? 0)) break;
      avoided ??= new Set();
      avoided.add(node.key);
      this.#giveBack(node, kind);
      node = this.#balancer.pick(new Set([...(tried ?? []), ...avoided]), kind);
      // There is no other: to one that is avoided rather than back to where the call has been.
      if (node && (avoided.has(node.key) || tried?.has(node.key))) {
        this.#giveBack(node, kind);
        return this.#balancer.pick(tried, kind);
      }
    }
    if (avoided) this.#avoidance.avoided(avoided, kind ?? "");
    return node;
  }

  #giveBack(node: Node<string>, kind: string | undefined): void {
    node.released(kind);
    this.#source.recorder?.forget(this.#decision);
  }

  #resultFor(
    node: Node<string>,
    kind: string | undefined,
    subchannel: ObservedSubchannel,
    facts: CallFacts | undefined,
  ): PickResult {
    const reservation = this.#reservations.add(node, kind);
    const decision = this.#decision;
    this.#source.recorder?.at(decision, reservation.at);
    const choice = { node, kind, facts, reservation, decision, compared: this.#compared };
    return new PickedCall(subchannel, choice, this.#observers);
  }
}

/** The distinct nodes of a comparison, as they were compared: the chosen one without the call it was chosen for. */
function compare(nodes: readonly Node<string>[], kind: string | undefined): Compared[] {
  const loadOf = (node: Node<string>) => Number(node.load(kind).toFixed(3));
  return [...new Set(nodes)].map((node) => ({ instance: node.key, load: loadOf(node), inFlight: node.inFlight }));
}
