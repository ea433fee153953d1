import type { Kind } from "./kinds.js";

/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;

type State = "reserved" | "running" | "open";

/** Calls of one kind at one instance. */
class Calls {
  kind: Kind;
  reserved = 0;
  running = 0;
  open = 0;
  /** What those reserved and running cost, as it was known when each was picked. */
  cost = NOTHING;

  constructor(kind: Kind) {
    this.kind = kind;
  }
}

/**
 * The calls in flight at one instance, each weighed by what calls of its kind cost. A stream that has answered and goes on is
 * kept apart: it may wait for hours, and is no load.
 */
export class Work {
  /** Calls picked and not yet started. */
  reserved = 0;
  /** Calls started that have not answered. */
  running = 0;
  /** Streams that have answered and go on. */
  open = 0;
  /** What the calls reserved and running cost, a mean call being 1. */
  cost = NOTHING;
  /** One for each kind in flight here, in any order. */
  readonly #calls: Calls[] = [];
  /** One no longer in use, so that calls of one kind, one after the other, allocate nothing. */
  #spare: Calls | undefined;

  reserve(kind: Kind, cost: number): void {
    const calls = this.#of(kind) ?? this.#add(kind);
    calls.reserved += 1;
    calls.cost += cost;
    this.reserved += 1;
    this.cost += cost;
  }

  /** @returns whether there was such a pick. */
  release(kind: Kind): boolean {
    const calls = this.#find(kind, "reserved");
    if (!calls) return false;
    this.#leave(calls);
    calls.reserved -= 1;
    this.reserved -= 1;
    this.#tidy(calls);
    return true;
  }

  /** @returns whether there was such a pick. */
  start(kind: Kind): boolean {
    const calls = this.#find(kind, "reserved");
    if (!calls) return false;
    calls.reserved -= 1;
    this.reserved -= 1;
    calls.running += 1;
    this.running += 1;
    return true;
  }

  /** A running call has answered, and goes on as a stream. @returns whether there was one. */
  answer(kind: Kind): boolean {
    const calls = this.#find(kind, "running");
    if (!calls) return false;
    this.#leave(calls);
    calls.running -= 1;
    this.running -= 1;
    calls.open += 1;
    this.open += 1;
    calls.kind.open += 1;
    return true;
  }

  /** @param answered whether it had answered before, as far as the caller says. @returns whether there was such a call. */
  end(kind: Kind, answered: boolean): boolean {
    const [likely, unlikely] = answered ? OPEN_FIRST : RUNNING_FIRST;
    const own = this.#of(kind);
    let calls = own;
    let state: State = likely;
    if (!own || own[likely] === 0) {
      if (own && own[unlikely] > 0) state = unlikely;
      else {
        calls = this.#find(kind, likely) ?? this.#find(kind, unlikely);
        if (calls && calls[likely] === 0) state = unlikely;
      }
    }
    if (!calls) return false;
    if (state === "open") {
      calls.kind.open -= 1;
      calls.open -= 1;
      this.open -= 1;
    } else {
      this.#leave(calls);
      calls.running -= 1;
      this.running -= 1;
    }
    this.#tidy(calls);
    return true;
  }

  /** Calls of this kind that go on here, answered or not. */
  streamsOf(kind: Kind): number {
    const calls = this.#of(kind);
    return calls ? calls.reserved + calls.running + calls.open : 0;
  }

  #of(kind: Kind): Calls | undefined {
    const calls = this.#calls;
    for (let i = 0; i < calls.length; i++) if (calls[i]!.kind === kind) return calls[i];
    return undefined;
  }

  /** Those of this kind or, where none of it are in this state, of another: a kind may have been forgotten meanwhile. */
  #find(kind: Kind, state: State): Calls | undefined {
    if (this[state] === 0) return undefined;
    const calls = this.#of(kind);
    return calls && calls[state] > 0 ? calls : this.#calls.find((other) => other[state] > 0);
  }

  #add(kind: Kind): Calls {
    const calls = this.#spare ?? new Calls(kind);
    this.#spare = undefined;
    calls.kind = kind;
    this.#calls.push(calls);
    return calls;
  }

  /** One call fewer, of the mean cost of its kind's here. */
  #leave(calls: Calls): void {
    const pending = calls.reserved + calls.running;
    const cost = calls.cost / pending;
    // What rounding leaves over goes with the last one.
    calls.cost = pending === 1 ? NOTHING : calls.cost - cost;
    this.cost = this.reserved + this.running === 1 ? NOTHING : this.cost - cost;
  }

  #tidy(calls: Calls): void {
    if (calls.reserved + calls.running + calls.open > 0) return;
    const last = this.#calls.pop()!;
    if (last !== calls) this.#calls[this.#calls.indexOf(calls)] = last;
    this.#spare = calls;
  }
}

const OPEN_FIRST = ["open", "running"] as const;
const RUNNING_FIRST = ["running", "open"] as const;
