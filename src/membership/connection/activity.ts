import type { Timing } from "../../async/timing.js";

/** Told when what passes on a connection, or does not, is news. */
export interface ActivityEvents {
  /** A call begins where none was running. */
  busy(): void;
  /** A call has reached its deadline, and nothing has been heard since it began. */
  unanswered(): void;
}

/** What passes on one connection: calls that run, and when something last came from the far side. Costs a call next to nothing. */
export class Activity {
  readonly #timing: Timing;
  readonly #events: ActivityEvents;
  #running = 0;
  #heardAt: number;
  /** When the first call began of those that began after the far side was last heard. */
  #silentSince: number | undefined;

  constructor(timing: Timing, events: ActivityEvents) {
    this.#timing = timing;
    this.#events = events;
    this.#heardAt = timing.now();
  }

  /** Calls that run now. */
  get running(): number {
    return this.#running;
  }

  /** When something last came from the far side, in the timing's milliseconds; at first, when the connection was dialled. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Since when a call has been waiting on a far side that says nothing at all. */
  get silentSince(): number | undefined {
    return this.#running > 0 ? this.#silentSince : undefined;
  }

  /** A call begins. Returns when, for ended(). */
  started(): number {
    const now = this.#timing.now();
    this.#silentSince ??= now;
    this.#running += 1;
    if (this.#running === 1) this.#events.busy();
    return now;
  }

  /** Something came from the far side. Returns when. */
  heard(): number {
    this.#heardAt = this.#timing.now();
    this.#silentSince = undefined;
    return this.#heardAt;
  }

  /** @param timedOut whether the call's deadline passed. */
  ended(startedAt: number, timedOut: boolean): void {
    this.#running -= 1;
    const silent = this.#silentSince !== undefined && this.#silentSince <= startedAt;
    if (timedOut && silent) this.#events.unanswered();
  }
}
