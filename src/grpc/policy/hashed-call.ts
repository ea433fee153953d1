import type { status } from "@grpc/grpc-js";
import { outcomeOf } from "../../balancer/outcome.js";
import type { ChannelSource } from "../../membership/channel-source.js";
import type { CallFacts } from "../call-facts.js";
import { type PickResult, PickResultType } from "../shield/experimental.js";
import type { CallsInFlight } from "./calls-in-flight.js";
import type { CallWatcher, ObservedCall, ObservedSubchannel } from "./connection/observed-subchannel.js";
import type { Reservation, Reservations } from "./reservations.js";

/** Who is told what becomes of the calls of one picker. */
export interface HashedCallObservers {
  readonly source: ChannelSource;
  readonly inFlight: CallsInFlight;
  readonly reservations: Reservations;
}

/** A call from its pick to its end, at the instance that its key belongs to. */
export class HashedCall implements PickResult, CallWatcher {
  readonly pickResultType = PickResultType.COMPLETE;
  readonly status = null;
  readonly subchannel: PickResult["subchannel"];
  readonly #instance: string;
  readonly #observed: ObservedSubchannel;
  readonly #facts: CallFacts | undefined;
  readonly #observers: HashedCallObservers;
  readonly #reservation: Reservation;
  #call: ObservedCall | undefined;
  #startedAt = 0;
  #firstMessageAt: number | undefined;

  constructor(
    instance: string,
    observed: ObservedSubchannel,
    facts: CallFacts | undefined,
    observers: HashedCallObservers,
  ) {
    this.subchannel = observed.asSubchannel();
    this.#instance = instance;
    this.#observed = observed;
    this.#facts = facts;
    this.#observers = observers;
    // Not at its start: of calls that are started together all are picked for before the first one starts.
    observers.inFlight.add(instance);
    this.#reservation = observers.reservations.add(this);
  }

  // grpc-js takes these two off the result and calls them alone.
  readonly onCallStarted = (): void => {
    this.#call = this.#observed.takeStartedCall();
    this.#startedAt = performance.now();
    if (this.#call) this.#call.watcher = this;
    this.#facts?.start();
    this.#reservation.settle();
  };

  readonly onCallEnded = (code: status): void => {
    if (!this.#reservation.expired) this.released();
    const call = this.#call;
    const outcome = call?.pushback ? "ignore" : outcomeOf(code, call?.endedByFarSide, call?.lasted);
    const ok = outcome === "ignore" ? undefined : outcome === "success";
    const tookMs = (this.#firstMessageAt ?? performance.now()) - this.#startedAt;
    this.#observers.source.stats.ended(this.#instance, tookMs, ok);
  };

  released(): void {
    this.#observers.inFlight.remove(this.#instance);
  }

  onFirstMessage(now: number): void {
    this.#firstMessageAt = now;
  }

  /** Not sent elsewhere by itself: its key belongs to this instance. */
  onRefused(): boolean {
    return false;
  }
}
