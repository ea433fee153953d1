import { Metadata, status } from "@grpc/grpc-js";
import { Breakers } from "../../balancer/breakers.js";
import { MOST_SET_ASIDE } from "../../balancer/full.js";
import { outcomeOf } from "../../balancer/outcome.js";
import { type Node, P2cEwma } from "../../balancer/p2c-ewma.js";
import { RetryBudget } from "../../balancer/retry-budget.js";
import type { Instance } from "../../instance.js";
import { log, logs } from "../../log.js";
import type { Connection } from "../../membership/connection.js";
import type { Pushback } from "../pushback.js";
import { type Picker, type PickResult, PickResultType } from "../shield.js";
import type { GrpcSession } from "./grpc-session.js";
import type { ListedEndpoint } from "./grpc-transport.js";
import type { ObservedCall, ObservedSubchannel } from "./observed-subchannel.js";
import type { PolicyConfig } from "./policy-config.js";
import { Reservations } from "./reservations.js";
import { SetAsideLog } from "./set-aside-log.js";

const QUEUE: PickResult = {
  pickResultType: PickResultType.QUEUE,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

const { RESOURCE_EXHAUSTED } = status;

/** What of the policy's config says who may be set aside. */
export type SettingAside = Pick<PolicyConfig, "maxSetAside" | "breaker">;

/** An instance and its load when a pick compared it. */
interface Compared {
  readonly instance: string;
  /** Milliseconds. */
  readonly load: number;
  readonly inFlight: number;
}

type GrpcConnection = Connection<ListedEndpoint, GrpcSession>;

/** So many connections are found stale, and probed, before a call waits for an answer. */
const STALE_PICKS = 5;

/** Chooses the connection of each call by the balancer and tells the balancer how the call went. */
export class CallPicker implements Picker {
  readonly #balancer: P2cEwma<string>;
  readonly #connections: ReadonlyMap<string, GrpcConnection>;
  readonly #service: () => string;
  readonly #reservations = new Reservations();
  #compared: readonly Compared[] = [];
  #distance: (instance: Instance) => number = () => 1;
  #rules: SettingAside = { maxSetAside: MOST_SET_ASIDE, breaker: true };
  readonly #breakers = new Breakers<string>();
  readonly #elsewhere = new RetryBudget();
  readonly #log: SetAsideLog;

  /** @param connections by the identity that the balancer knows them by. */
  constructor(connections: ReadonlyMap<string, GrpcConnection>, service: () => string) {
    this.#connections = connections;
    this.#service = service;
    this.#log = new SetAsideLog(service);
    this.#balancer = new P2cEwma<string>({
      weight: (id) => connections.get(id)?.listed.instance.weight ?? 1,
      distance: (id) => this.#distance(connections.get(id)!.listed.instance),
      maxSetAside: () => this.#rules.maxSetAside,
      onPick: (_chosen, first, second, remembered, kind) => {
        if (logs("debug")) this.#compared = compare([first, second, remembered], kind);
      },
    });
  }

  /**
   * Makes these the connections to choose from; so far away is each instance.
   * @param setAside how many more are connected, and set aside by what is known of their health.
   */
  set(ids: readonly string[], distance: (instance: Instance) => number, setAside: number, rules: SettingAside): void {
    this.#distance = distance;
    this.#rules = rules;
    this.#balancer.set(ids, setAside);
    this.#breakers.keep(new Set(this.#connections.keys()));
  }

  pick({ extraPickInfo }: Parameters<Picker["pick"]>[0]): PickResult {
    this.#reservations.expire();
    const fullForMs = this.#balancer.fullForMs;
    if (fullForMs > 0) return this.#allFull(fullForMs);
    // From the config selector. Under another resolver than Rollcall's nobody tells, and all calls are of one kind.
    const kind = extraPickInfo.method;
    for (let stale = 0; stale < STALE_PICKS; stale++) {
      const node = this.#allowed(kind);
      if (!node) return QUEUE;
      const connection = this.#connections.get(node.key);
      const session = connection?.session;
      if (session && !connection.stale) return this.#resultFor(node, kind, session.observed);
      // It has just gone, or nothing has passed on it for so long that the way may be gone: the call goes elsewhere, or waits
      // until the policy has something new to say.
      connection?.probe("idle");
      node.released(kind);
    }
    return QUEUE;
  }

  /** The balancer's choice, unless calls of this kind fail there and it may be set aside for that: then its choice of the others. */
  #allowed(kind: string | undefined): Node<string> | undefined {
    const node = this.#balancer.pick(undefined, kind);
    if (!node || !this.#rules.breaker || this.#breakers.of(node.key, kind ?? "").allows()) return node;
    return this.#another(node, kind);
  }

  #another(first: Node<string>, kind: string | undefined): Node<string> | undefined {
    const failing = new Set<string>();
    let node: Node<string> | undefined = first;
    for (let left = this.#balancer.mayBeSetAside; left > 0 && node; left--) {
      this.#breakers.of(node.key, kind ?? "").dropped();
      node.released(kind);
      failing.add(node.key);
      node = this.#balancer.pick(failing, kind);
      if (!node || this.#breakers.of(node.key, kind ?? "").allows()) return node;
    }
    if (this.#balancer.size > 1) this.#log.ignored();
    return node;
  }

  /** Whoever asked would be refused: the answer costs nobody anything here. */
  #allFull(ms: number): PickResult {
    const { size } = this.#balancer;
    const who = size === 1 ? "the only instance" : `all ${size} instances`;
    const details = `${who} of ${JSON.stringify(this.#service())} that can be called said that they are full`;
    this.#log.allFull(Math.ceil(ms));
    const status = { code: RESOURCE_EXHAUSTED, details, metadata: new Metadata() };
    return { ...QUEUE, pickResultType: PickResultType.DROP, status };
  }

  /** A full server has refused a call. @returns whether the call goes elsewhere. */
  #refused(node: Node<string>, { ms, elsewhere }: Pushback): boolean {
    const before = this.#balancer.setAside;
    const aside = node.setAside(ms);
    if (before === 0 && aside) this.#log.began();
    if (ms > 0 && !aside && this.#balancer.size > 1) this.#log.ignored();
    return elsewhere && this.#balancer.size > 1 && this.#balancer.fullForMs === 0 && this.#elsewhere.take();
  }

  #resultFor(node: Node<string>, kind: string | undefined, subchannel: ObservedSubchannel): PickResult {
    const reservation = this.#reservations.add(node, kind);
    const compared = this.#compared;
    let startedAt = 0;
    let call: ObservedCall | undefined;
    let firstMessageAt: number | undefined;

    const onCallStarted = () => {
      call = subchannel.takeStartedCall();
      startedAt = performance.now();
      if (!reservation.settle()) return;
      node.started(kind);
      if (!call) return;
      call.onPushback = (pushback) => this.#refused(node, pushback);
      call.onFirstMessage = () => {
        firstMessageAt = performance.now();
        node.answered(firstMessageAt - startedAt, kind);
      };
    };
    const onCallEnded = (code: status) => {
      const now = performance.now();
      if (!reservation.expired) {
        // Full is not broken, and quickly said: it counts for nothing.
        const full = call?.pushback !== undefined;
        const outcome = full ? "ignore" : outcomeOf(code, call?.endedByFarSide);
        const ok = outcome === "ignore" ? undefined : outcome === "success";
        node.ended(firstMessageAt === undefined && !full ? now - startedAt : undefined, ok, kind);
        if (!full && this.#rules.breaker) this.#breakers.of(node.key, kind ?? "").ended(code);
        if (ok) this.#elsewhere.succeeded();
      }
      if (logs("debug")) {
        const ms = Number((now - startedAt).toFixed(3));
        log.debug(
          { service: this.#service(), method: call?.method ?? "", instance: node.key, code, ms, compared },
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
