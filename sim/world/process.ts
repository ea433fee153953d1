/** What a process is doing, as its kernel sees it. */
export type ProcessState = "running" | "frozen" | "dead";

/**
 * A simulated process. Whatever happens in it (timers, messages that arrive) is a task of its own: while it is frozen its
 * tasks wait, and when it is dead they are dropped, without a word to anybody, as after `kill -9`.
 */
export class Process {
  readonly name: string;
  /** Added to its wall clock, in milliseconds. */
  clockOffsetMs = 0;
  /** Timers and immediates that wait, for the invariant that nothing grows. */
  pending = 0;
  #state: ProcessState = "running";

  constructor(name: string) {
    this.name = name;
  }

  get state(): ProcessState {
    return this.#state;
  }

  freeze(): void {
    if (this.#state === "running") this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state === "frozen") this.#state = "running";
  }

  die(): void {
    this.#state = "dead";
  }
}
