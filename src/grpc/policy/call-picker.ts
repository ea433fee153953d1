import { status } from "@grpc/grpc-js";
import { outcomeOf } from "../../balancer/outcome.js";
import { type Node, P2cEwma } from "../../balancer/p2c-ewma.js";
import type { Instance } from "../../instance.js";
import { log, logs } from "../../log.js";
import { type Picker, type PickResult, PickResultType } from "../shield.js";
import type { CallDoor } from "./call-door.js";
import type { Connection } from "./connection.js";
import { Reservations } from "./reservations.js";

const QUEUE: PickResult = {
  pickResultType: PickResultType.QUEUE,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

/** An instance and its load when a pick compared it. */
interface Compared {
  readonly instance: string;
  /** Milliseconds. */
  readonly load: number;
  readonly inFlight: number;
}

/** Chooses the connection of each call by the balancer and tells the balancer how the call went. */
export class CallPicker implements Picker {
  readonly #balancer: P2cEwma<string>;
  readonly #connections: ReadonlyMap<string, Connection>;
  readonly #service: () => string;
  readonly #reservations = new Reservations();
  #compared: readonly Compared[] = [];
  #distance: (instance: Instance) => number = () => 1;

  /** @param connections by the identity that the balancer knows them by. */
  constructor(connections: ReadonlyMap<string, Connection>, service: () => string) {
    this.#connections = connections;
    this.#service = service;
    this.#balancer = new P2cEwma<string>({
      weight: (id) => connections.get(id)?.instance.weight ?? 1,
      distance: (id) => this.#distance(connections.get(id)!.instance),
      onPick: (_chosen, first, second, remembered, kind) => {
        if (logs("debug")) this.#compared = compare([first, second, remembered], kind);
      },
    });
  }

  /** Makes these the connections to choose from; so far away is each instance. */
  set(ids: Iterable<string>, distance: (instance: Instance) => number): void {
    this.#distance = distance;
    this.#balancer.set(ids);
  }

  pick({ extraPickInfo }: Parameters<Picker["pick"]>[0]): PickResult {
    this.#reservations.expire();
    // From the config selector. Under another resolver than Rollcall's nobody tells, and all calls are of one kind.
    const kind = extraPickInfo.method;
    const node = this.#balancer.pick(undefined, kind);
    if (!node) return QUEUE;
    const connection = this.#connections.get(node.key);
    if (!connection?.ready) {
      // It has just gone; the policy is about to say so, and the call is picked for again.
      node.released(kind);
      return QUEUE;
    }
    return this.#resultFor(node, kind, connection, connection.door!);
  }

  #resultFor(node: Node<string>, kind: string | undefined, connection: Connection, door: CallDoor): PickResult {
    const reservation = this.#reservations.add(node, kind);
    const compared = this.#compared;
    let startedAt = 0;
    let method = "";
    let firstMessageAt: number | undefined;

    const onCallStarted = () => {
      const call = door.takeEntered();
      startedAt = performance.now();
      if (!reservation.settle()) return;
      node.started(kind);
      if (!call) return;
      method = call.method;
      call.onFirstMessage = () => {
        firstMessageAt = performance.now();
        connection.heardAt = firstMessageAt;
        node.answered(firstMessageAt - startedAt, kind);
      };
    };
    const onCallEnded = (code: status) => {
      const now = performance.now();
      if (!reservation.expired) {
        const outcome = outcomeOf(code);
        const ok = outcome === "ignore" ? undefined : outcome === "success";
        node.ended(firstMessageAt === undefined ? now - startedAt : undefined, ok, kind);
      }
      const unanswered = startedAt > 0 && firstMessageAt === undefined && connection.heardAt < startedAt;
      if (unanswered && code === status.DEADLINE_EXCEEDED) void connection.check();
      if (logs("debug")) {
        const ms = Number((now - startedAt).toFixed(3));
        log.debug({ service: this.#service(), method, instance: node.key, code, ms, compared }, "call");
      }
    };
    return {
      pickResultType: PickResultType.COMPLETE,
      subchannel: door.asSubchannel(),
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
