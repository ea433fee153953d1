import type { Kind } from "./kinds.js";
import { Latency } from "./latency.js";

/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;

/** Calls of one kind at one instance. */
class Calls {
  kind: Kind;
  readonly next: Calls | undefined;
  reserved = 0;
  running = 0;
  open = 0;
  /** What those reserved and running cost, as it was known when each was picked. */
  cost = NOTHING;

  constructor(kind: Kind, next: Calls | undefined) {
    this.kind = kind;
    this.next = next;
  }

  get pending(): number {
    return this.reserved + this.running;
  }

  get none(): boolean {
    return this.reserved + this.running + this.open === 0;
  }
}

/**
 * The calls in flight at one instance, each weighed by what calls of its kind cost. A stream that has answered and goes on is
 * kept apart: it may wait for hours, and is no load.
 */
export class Work extends Latency {
  /** Calls picked and not yet started. */
  reserved = 0;
  /** Calls started that have not answered. */
  running = 0;
  /** Streams that have answered and go on. */
  open = 0;
  /** What the calls reserved and running cost, a mean call being 1. */
  cost = NOTHING;
  /** One for each kind in flight here, and some that are free for the next kind. */
  #calls: Calls | undefined;

  /** Calls that have not answered: those that are work. */
  get pending(): number {
    return this.reserved + this.running;
  }

  reserve(kind: Kind, cost: number): void {
    const calls = this.#of(kind) ?? this.#make(kind);
    calls.reserved += 1;
    calls.cost += cost;
    this.reserved += 1;
    this.cost += cost;
  }

  /** @returns whether there was such a pick. */
  release(kind: Kind): boolean {
    if (this.reserved === 0) return false;
    const own = this.#of(kind);
    const calls = own && own.reserved > 0 ? own : this.#any("reserved");
    this.#leave(calls);
    calls.reserved -= 1;
    this.reserved -= 1;
    return true;
  }

  /** @returns whether there was such a pick. */
  start(kind: Kind): boolean {
    if (this.reserved === 0) return false;
    const own = this.#of(kind);
    const calls = own && own.reserved > 0 ? own : this.#any("reserved");
    calls.reserved -= 1;
    calls.running += 1;
    this.reserved -= 1;
    this.running += 1;
    return true;
  }

  /** A running call has answered, and goes on as a stream. @returns whether there was one. */
  answer(kind: Kind): boolean {
    if (this.running === 0) return false;
    const own = this.#of(kind);
    const calls = own && own.running > 0 ? own : this.#any("running");
    this.#leave(calls);
    calls.running -= 1;
    calls.open += 1;
    calls.kind.open += 1;
    this.running -= 1;
    this.open += 1;
    return true;
  }

  /**
   * Ends a call of this kind or, where there is none, of another: the kind may have been forgotten meanwhile.
   * @param answered whether it had answered before, as far as the caller says.
   * @returns whether there was such a call.
   */
  end(kind: Kind, answered: boolean): boolean {
    const own = this.#of(kind);
    if (own && (answered ? own.open : own.running) > 0) this.#end(own, answered);
    else if (own && (answered ? own.running : own.open) > 0) this.#end(own, !answered);
    else if (this.running + this.open === 0) return false;
    else if (this.open > 0 && (answered || this.running === 0)) this.#end(this.#any("open"), true);
    else this.#end(this.#any("running"), false);
    return true;
  }

  /** Calls of this kind that go on here, answered or not. */
  streamsOf(kind: Kind): number {
    const calls = this.#of(kind);
    return calls ? calls.pending + calls.open : 0;
  }

  #end(calls: Calls, answered: boolean): void {
    if (answered) {
      calls.open -= 1;
      calls.kind.open -= 1;
      this.open -= 1;
    } else {
      this.#leave(calls);
      calls.running -= 1;
      this.running -= 1;
    }
  }

  #of(kind: Kind): Calls | undefined {
    let calls = this.#calls;
    while (calls && calls.kind !== kind) calls = calls.next;
    return calls;
  }

  /** Those of any kind that are in this state. */
  #any(state: "reserved" | "running" | "open"): Calls {
    let calls = this.#calls!;
    while (calls[state] === 0) calls = calls.next!;
    return calls;
  }

  #make(kind: Kind): Calls {
    for (let calls = this.#calls; calls; calls = calls.next) {
      if (!calls.none) continue;
      calls.kind = kind;
      return calls;
    }
    this.#calls = new Calls(kind, this.#calls);
    return this.#calls;
  }

  /** One call fewer, of the mean cost of its kind's here. What rounding leaves over goes with the last one. */
  #leave(calls: Calls): void {
    if (calls.pending === 1) {
      this.cost = this.pending === 1 ? NOTHING : this.cost - calls.cost;
      calls.cost = NOTHING;
    } else {
      const cost = calls.cost / calls.pending;
      calls.cost -= cost;
      this.cost -= cost;
    }
  }
}
