import type { Kind } from "./kinds.js";
import { Latency } from "./latency.js";

/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;

/** Calls of one kind at one instance, where they are streams or cost more or less than a mean call. */
class Calls {
  kind: Kind;
  next: Calls | undefined;
  /** Reserved, or running without an answer. */
  pending = 0;
  /** Streams that have answered and go on. */
  open = 0;
  /** What those pending cost beyond one each, as it was known when each was picked. */
  extra = NOTHING;

  constructor(kind: Kind, next: Calls | undefined) {
    this.kind = kind;
    this.next = next;
  }
}

/**
 * The calls in flight at one instance, each weighed by what calls of its kind cost. A stream that has answered and goes on is
 * kept apart: it may wait for hours, and is no load.
 *
 * Calls that cost as much as a mean call are only counted; a record is kept of the others, kind by kind. A record is one more
 * thing for a pick to wait for among thousands of instances.
 */
export class Work extends Latency {
  /** Calls picked and not yet started. */
  reserved = 0;
  /** Calls started that have not answered. */
  running = 0;
  /** What the calls reserved and running cost beyond one each, a mean call being 1. */
  #extra = NOTHING;
  /** How many of them are recorded. */
  #recorded = 0;
  /** One for each kind in flight here, the latest first, and some that are free for the next kind. */
  #calls: Calls | undefined;
  /** Streams that have answered and go on. */
  open = 0;

  /** Calls that have not answered: those that are work. */
  get pending(): number {
    return this.reserved + this.running;
  }

  /**
   * What they are to a new call of this kind, a mean call being 1. A dear call shares the instance with all that is left of them. A cheap one
   * mainly waits for a free worker, and each of them holds one, whatever it costs.
   */
  workFor(kind: Kind): number {
    return this.reserved + this.running + this.#extra * kind.costShare;
  }

  /** Reserves it for a call that costs what its kind costs now. */
  reserve(kind: Kind): void {
    this.reserved += 1;
    if (kind.extra !== 0) this.#record(kind);
  }

  /** @returns whether there was such a pick. */
  release(kind: Kind): boolean {
    if (this.reserved === 0) return false;
    this.reserved -= 1;
    if (this.#recorded > 0) this.#leave(kind);
    return true;
  }

  /** @returns whether there was such a pick. */
  start(): boolean {
    if (this.reserved === 0) return false;
    this.reserved -= 1;
    this.running += 1;
    return true;
  }

  /** A running call has answered, and goes on as a stream. @returns whether there was one. */
  answer(kind: Kind): boolean {
    if (this.running === 0) return false;
    this.running -= 1;
    if (this.#recorded > 0) this.#leave(kind);
    this.#bring(kind).open += 1;
    kind.open += 1;
    this.open += 1;
    return true;
  }

  /**
   * Ends a call of this kind or, where there is none, of another: the kind may have been forgotten meanwhile.
   * @param answered whether it had answered before, as far as the caller says.
   * @returns whether there was such a call.
   */
  end(kind: Kind, answered: boolean): boolean {
    if (this.open > 0 && this.#endsStream(kind, answered)) return true;
    if (this.running === 0) return false;
    this.running -= 1;
    if (this.#recorded > 0) this.#leave(kind);
    return true;
  }

  /** Streams of this kind that go on here. */
  streamsOf(kind: Kind): number {
    return this.#of(kind)?.open ?? 0;
  }

  /** Ends a stream that has answered, if it is rather one than a running call. */
  #endsStream(kind: Kind, answered: boolean): boolean {
    const own = this.#of(kind);
    const open = own !== undefined && own.open > 0;
    // Those not recorded may be of this kind.
    const running = this.running > 0 && (this.#recorded < this.pending || (own !== undefined && own.pending > 0));
    if (running && !(answered && open)) return false;
    if (!open && !answered && this.running > 0) return false;
    const calls = open ? own : this.#anyOpen();
    calls.open -= 1;
    calls.kind.open -= 1;
    this.open -= 1;
    return true;
  }

  #record(kind: Kind): void {
    let calls = this.#calls;
    if (calls === undefined || calls.kind !== kind) calls = this.#bring(kind);
    calls.pending += 1;
    calls.extra += kind.extra;
    this.#recorded += 1;
    this.#extra += kind.extra;
  }

  /** One call fewer: of those recorded of its kind, of those not recorded, or of any. */
  #leave(kind: Kind): void {
    let calls = this.#calls!;
    if (calls.kind !== kind || calls.pending === 0) {
      const own = this.#of(kind);
      if (own && own.pending > 0) calls = own;
      else if (this.#recorded <= this.pending) return;
      else while (calls.pending === 0) calls = calls.next!;
    }
    const extra = calls.extra / calls.pending;
    calls.pending -= 1;
    calls.extra = calls.pending === 0 ? NOTHING : calls.extra - extra;
    this.#recorded -= 1;
    // What rounding leaves over goes with the last one.
    this.#extra = this.#recorded === 0 ? NOTHING : this.#extra - extra;
  }

  #of(kind: Kind): Calls | undefined {
    let calls = this.#calls;
    while (calls && calls.kind !== kind) calls = calls.next;
    return calls;
  }

  #anyOpen(): Calls {
    let calls = this.#calls!;
    while (calls.open === 0) calls = calls.next!;
    return calls;
  }

  /** Those of this kind, at the head of the list: found, put in the place of a kind that has none in flight, or made. */
  #bring(kind: Kind): Calls {
    let free: Calls | undefined;
    let before: Calls | undefined;
    for (let calls = this.#calls; calls; before = calls, calls = calls.next) {
      if (calls.kind === kind) {
        if (before) {
          before.next = calls.next;
          calls.next = this.#calls;
          this.#calls = calls;
        }
        return calls;
      }
      if (calls.pending + calls.open === 0) free = calls;
    }
    if (!free) {
      this.#calls = new Calls(kind, this.#calls);
      return this.#calls;
    }
    free.kind = kind;
    return free;
  }
}
