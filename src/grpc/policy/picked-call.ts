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
import type { AnsweredCall, FirstAnswers } from "./first-answers.js";
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
  readonly firstAnswers: FirstAnswers;
}

/** A call from its pick to its end: tells the balancer when it starts, when its answer comes and how it ends. */
export class PickedCall implements PickResult, CallWatcher, AnsweredCall {
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
    if (this.#call) this.#call.watcher = this;
  };

  readonly onCallEnded = (code: status): void => {
    const { node, kind, reservation, decision } = this.#choice;
    const { source, avoidance, firstAnswers } = this.#observers;
    const now = performance.now();
    const answered = (this.#firstMessageAt ?? now) - this.#startedAt;
    // Full is not broken, and quickly said: it counts for nothing, where it can be obeyed.
    const full = this.#call?.pushback !== undefined && !avoidance.ignores(node.key);
    const outcome = full ? "ignore" : outcomeOf(code, this.#call?.endedByFarSide, this.#firstMessageAt !== undefined);
    const ok = outcome === "ignore" ? undefined : outcome === "success";
    source.ended(node.key, decision, code, ok, answered);
    if (!full) avoidance.ended(node.key, kind ?? "", code, ok);
    if (this.#firstMessageAt !== undefined) firstAnswers.ended(this);
    // An answer such as NOT_FOUND may be quick or slow for reasons of its own; only a call that was given up was longer than this.
    const gaveUp = code === status.CANCELLED && this.#firstMessageAt === undefined;
    const says = !this.#streams && (ok !== undefined || gaveUp);
    if (!reservation.expired) node.ended(says ? answered : undefined, ok, kind, this.#streams);
    if (logs("debug")) this.#log(code, now - this.#startedAt);
  };

  onFirstMessage(now: number): void {
    this.#firstMessageAt = now;
    this.#observers.firstAnswers.came(this);
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
    node.answered(this.#firstMessageAt! - this.#startedAt, kind);
  }

  #log(code: status, took: number): void {
    const { node, compared } = this.#choice;
    const { service } = this.#observers.source;
    const ms = Number(took.toFixed(3));
    log.debug({ service, method: this.#call?.method ?? "", instance: node.key, code, ms, compared }, "call");
  }
}
