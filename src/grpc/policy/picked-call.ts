import { status } from "@grpc/grpc-js";
import type { Node } from "../../balancer/node.js";
import { outcomeOf } from "../../balancer/outcome.js";
import { log, logs } from "../../log.js";
import type { ChannelSource } from "../../membership/channel-source.js";
import type { CallFacts } from "../call-facts.js";
import type { Pushback } from "../pushback.js";
import { type PickResult, PickResultType } from "../shield/experimental.js";
import type { Avoidance } from "./avoidance.js";
import type { CallWatcher, ObservedCall, ObservedSubchannel } from "./connection/observed-subchannel.js";
import type { LastingCall, LastingCalls } from "./lasting-calls.js";
import type { Reservation } from "./reservations.js";

/** An instance and its load when a pick compared it. */
export interface Compared {
  readonly instance: string;
  /** Of no unit: comparable within one pick only. */
  readonly load: number;
  readonly inFlight: number;
}

/** What a picker chose for a call, and why. */
export interface Choice {
  readonly node: Node<string>;
  /** The call's method. */
  readonly kind: string | undefined;
  readonly facts: CallFacts | undefined;
  readonly reservation: Reservation;
  /** Its number in the flight recorder. */
  readonly decision: number;
  readonly compared: readonly Compared[];
}

/** Who is told, besides the balancer, what becomes of the calls of one picker. */
export interface CallObservers {
  readonly source: ChannelSource;
  readonly avoidance: Avoidance;
  /** Calls that have had their first message: a unary one ends at once, and a stream goes on. Nobody else says so at the pick. */
  readonly answered: LastingCalls;
  /** Calls that are known to be answered by streams, and wait for their first message: it may be hours away. */
  readonly quiet: LastingCalls;
}

/** A call from its pick to its end: tells the balancer when it starts, when its answer comes and how it ends. */
export class PickedCall implements PickResult, CallWatcher, LastingCall {
  readonly pickResultType = PickResultType.COMPLETE;
  readonly status = null;
  readonly subchannel: PickResult["subchannel"];
  readonly #observed: ObservedSubchannel;
  readonly #choice: Choice;
  readonly #observers: CallObservers;
  #call: ObservedCall | undefined;
  #startedAt = 0;
  #firstMessageAt: number | undefined;
  #streams = false;

  constructor(observed: ObservedSubchannel, choice: Choice, observers: CallObservers) {
    this.subchannel = observed.asSubchannel();
    this.#observed = observed;
    this.#choice = choice;
    this.#observers = observers;
  }

  // grpc-js takes these two off the result and calls them alone.
  readonly onCallStarted = (): void => {
    const { node, kind, facts, reservation } = this.#choice;
    this.#call = this.#observed.takeStartedCall();
    this.#startedAt = performance.now();
    facts?.start();
    if (!reservation.settle()) return;
    node.started(kind);
    if (!this.#call) return;
    this.#call.watcher = this;
    const { source, quiet } = this.#observers;
    if (kind !== undefined && source.streaming.has(kind)) quiet.add(this);
  };

  readonly onCallEnded = (code: status): void => {
    const { node, kind, reservation, decision } = this.#choice;
    const { source, avoidance, answered: lasting, quiet } = this.#observers;
    const now = performance.now();
    const answered = (this.#firstMessageAt ?? now) - this.#startedAt;
    // Full is not broken, and quickly said: it counts for nothing, where it can be obeyed. Who refuses without a time is not set aside.
    const full = (this.#call?.pushback?.ms ?? 0) > 0 && !avoidance.ignores(node.key);
    const outcome = full ? "ignore" : outcomeOf(code, this.#call?.endedByFarSide, this.#call?.lasted);
    const ok = outcome === "ignore" ? undefined : outcome === "success";
    source.ended(node.key, decision, code, ok, answered);
    if (!full) avoidance.ended(node.key, kind ?? "", code, ok);
    if (this.#firstMessageAt !== undefined) lasting.remove(this);
    else quiet.remove(this);
    // An answer such as NOT_FOUND may be quick or slow for reasons of its own; only a call that was given up was longer than this.
    const gaveUp = code === status.CANCELLED && this.#firstMessageAt === undefined;
    const says = !this.#streams && (ok !== undefined || gaveUp);
    if (!reservation.expired) node.ended(says ? answered : undefined, ok, kind, this.#streams);
    if (logs("debug")) this.#log(code, now - this.#startedAt);
  };

  onFirstMessage(now: number): void {
    this.#firstMessageAt = now;
    this.#observers.quiet.remove(this);
    if (!this.#streams) this.#observers.answered.add(this);
  }

  onRefused({ ms, elsewhere }: Pushback): boolean {
    const { node, facts } = this.#choice;
    // grpc-js makes a call once more for this reason, and not twice.
    const mayMoveOn = elsewhere && !facts?.isUsedUp && !facts?.history.movedOn;
    const movesOn = this.#observers.avoidance.refused(node.key, { ms, elsewhere: mayMoveOn });
    if (facts && movesOn) facts.history.movedOn = true;
    return movesOn;
  }

  goesOn(): void {
    this.#streams = true;
    const { node, kind } = this.#choice;
    if (this.#firstMessageAt !== undefined) node.answered(this.#firstMessageAt - this.#startedAt, kind);
    else node.waits(performance.now() - this.#startedAt, kind);
  }

  #log(code: status, took: number): void {
    const { node, compared } = this.#choice;
    const { service } = this.#observers.source;
    const ms = Number(took.toFixed(3));
    log.debug({ service, method: this.#call?.method ?? "", instance: node.key, code, ms, compared }, "call");
  }
}
