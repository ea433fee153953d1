import { Metadata, status } from "@grpc/grpc-js";
import { outcomeOf } from "../../balancer/outcome.js";
import { type Node, P2cEwma, type Weighed } from "../../balancer/p2c/p2c-ewma.js";
import type { Instance } from "../../instance.js";
import { log, logs } from "../../log.js";
import type { ChannelSource } from "../../membership/channel-source.js";
import type { Connection } from "../../membership/connection/connection.js";
import { upState } from "../../membership/connection/connection-state.js";
import { distanceFrom } from "../../membership/zone.js";
import { recorder } from "../../observe/decisions/setting.js";
import { CallFacts, type CallHistory } from "../call-facts.js";
import { type Picker, type PickResult, PickResultType, QUEUE } from "../shield.js";
import { Avoidance } from "./avoidance.js";
import type { GrpcSession } from "./connection/grpc-session.js";
import type { ListedEndpoint } from "./connection/grpc-transport.js";
import type { ObservedCall, ObservedSubchannel } from "./connection/observed-subchannel.js";
import { type FirstAnswer, FirstAnswers } from "./first-answers.js";
import type { PolicyConfig } from "./policy-config.js";
import { Reservations } from "./reservations.js";

/** Of a call of which another copy runs: the caller never sees this end. */
const USED_UP: PickResult = {
  ...QUEUE,
  pickResultType: PickResultType.DROP,
  status: {
    code: status.UNAVAILABLE,
    details: "the call has used all attempts that Retry allows",
    metadata: new Metadata(),
  },
};

/** An instance and its load when a pick compared it. */
interface Compared {
  readonly instance: string;
  /** Milliseconds. */
  readonly load: number;
  readonly inFlight: number;
}

export type GrpcConnection = Connection<ListedEndpoint, GrpcSession>;

/** So many connections are found stale, and probed, before a call waits for an answer. */
const STALE_PICKS = 5;

/** Chooses the connection of each call by the balancer and tells the balancer how the call went. */
export class CallPicker implements Picker {
  readonly #balancer: P2cEwma<string>;
  readonly #connections: ReadonlyMap<string, GrpcConnection>;
  readonly #source: ChannelSource;
  readonly #reservations = new Reservations();
  readonly #firstAnswers = new FirstAnswers();
  #compared: readonly Compared[] = [];
  /** Of the last pick, in the flight recorder. */
  #decision = -1;
  #distance: (instance: Instance) => number = () => 1;
  readonly #avoidance: Avoidance;

  /** @param connections by the identity that the balancer knows them by. */
  constructor(connections: ReadonlyMap<string, GrpcConnection>, source: ChannelSource) {
    this.#connections = connections;
    this.#source = source;
    this.#avoidance = new Avoidance(
      () => source.service,
      () => this.#arrange(),
    );
    this.#balancer = new P2cEwma<string>({
      weight: (id) => connections.get(id)?.listed.instance.weight ?? 1,
      distance: (id) => this.#distance(connections.get(id)!.listed.instance),
      onPick: (chosen, first, second, remembered, kind) => {
        if (recorder) this.#decision = recorder.picked(source.recorded, kind, chosen, first, second, remembered);
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
    // From the config selector. Under another resolver than Rollcall's nobody tells, and all calls are of one kind.
    const facts = (extraPickInfo as unknown) instanceof CallFacts ? (extraPickInfo as unknown as CallFacts) : undefined;
    const kind = facts?.method;
    const history = facts?.history;
    if (history && history.started >= history.mostAttempts) return USED_UP;
    const refusal = this.#avoidance.refusal();
    if (refusal) return refusal;
    for (let stale = 0; stale < STALE_PICKS; stale++) {
      const node = this.#choose(history?.tried, kind);
      if (!node) return QUEUE;
      const connection = this.#connections.get(node.key);
      const session = connection?.session;
      if (session && !connection.stale) {
        if (history && history.started > 0) recorder?.started(this.#decision, history.started + 1);
        history?.tries(node.key);
        return this.#resultFor(node, kind, session.observed, history);
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
      // There is no other.
      if (node && avoided.has(node.key)) return node;
    }
    if (avoided) this.#avoidance.avoided(avoided, kind ?? "");
    return node;
  }

  #giveBack(node: Node<string>, kind: string | undefined): void {
    node.released(kind);
    recorder?.forget(this.#decision);
  }

  #resultFor(
    node: Node<string>,
    kind: string | undefined,
    subchannel: ObservedSubchannel,
    history: CallHistory | undefined,
  ): PickResult {
    const reservation = this.#reservations.add(node, kind);
    const compared = this.#compared;
    const decision = this.#decision;
    recorder?.at(decision, reservation.at);
    let startedAt = 0;
    let call: ObservedCall | undefined;
    let firstMessageAt: number | undefined;
    let firstAnswer: FirstAnswer | undefined;

    const onCallStarted = () => {
      call = subchannel.takeStartedCall();
      startedAt = performance.now();
      if (history) history.started += 1;
      if (!reservation.settle()) return;
      node.started(kind);
      if (!call) return;
      call.onPushback = (pushback) => {
        const elsewhere = this.#avoidance.refused(node.key, pushback);
        return elsewhere && (history === undefined || history.started < history.mostAttempts);
      };
      call.onFirstMessage = () => {
        firstMessageAt = performance.now();
        const ms = firstMessageAt - startedAt;
        firstAnswer = this.#firstAnswers.came(() => node.answered(ms, kind));
      };
    };
    const onCallEnded = (code: status) => {
      const now = performance.now();
      const answered = (firstMessageAt ?? now) - startedAt;
      // Full is not broken, and quickly said: it counts for nothing.
      const full = call?.pushback !== undefined;
      const outcome = full ? "ignore" : outcomeOf(code, call?.endedByFarSide);
      const ok = outcome === "ignore" ? undefined : outcome === "success";
      this.#source.ended(node.key, decision, code, ok, answered);
      if (!full) this.#avoidance.ended(node.key, kind ?? "", code, ok);
      // An answer such as NOT_FOUND may be quick or slow for reasons of its own; only a call that was given up was longer than this.
      const streamed = firstAnswer?.ended() === true;
      const says = !streamed && (ok !== undefined || (code === status.CANCELLED && firstMessageAt === undefined));
      if (!reservation.expired) node.ended(says ? answered : undefined, ok, kind, streamed);
      if (logs("debug")) {
        const ms = Number((now - startedAt).toFixed(3));
        log.debug(
          { service: this.#source.service, method: call?.method ?? "", instance: node.key, code, ms, compared },
          "call",
        );
      }
    };
    return {
      pickResultType: PickResultType.COMPLETE,
      subchannel: subchannel.asSubchannel(),
      status: null,
      onCallStarted,
      onCallEnded,
    };
  }
}

/** The distinct nodes of a comparison, as they were compared: the chosen one without the call it was chosen for. */
function compare(nodes: readonly Node<string>[], kind: string | undefined): Compared[] {
  const loadOf = (node: Node<string>) => Number(node.load(kind).toFixed(3));
  return [...new Set(nodes)].map((node) => ({ instance: node.key, load: loadOf(node), inFlight: node.inFlight }));
}
