import type { Kind } from "./scenario.js";

/** What a server does with calls: serves, fails this share of them at once, or neither answers nor fails. */
export type Mode = { readonly fails: number } | "hangs";

/** A call of a client, however often it is sent. */
export interface Call {
  readonly client: number;
  readonly kind: Kind;
  readonly start: number;
  readonly copies: Copy[];
  over: boolean;
}

/** A call as it was sent to one server. */
export interface Copy {
  readonly call: Call;
  readonly server: number;
  readonly start: number;
  readonly demand: number;
  /** A worker is at it. */
  serving: boolean;
  /** The client has its answer, or has given up. */
  over: boolean;
}

export class Server {
  readonly workers: number;
  readonly #waiting: Copy[] = [];
  #head = 0;
  busy = 0;
  slowness: number;
  mode: Mode = { fails: 0 };
  calls = 0;
  running = 0;

  constructor(workers: number, slowness: number) {
    this.workers = workers;
    this.slowness = slowness;
  }

  /** Calls in the queue, those included that have been given up. */
  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  add(copy: Copy): void {
    this.#waiting.push(copy);
  }

  /** The next call to work on while a worker is free; what was given up in the queue costs nothing. */
  next(): Copy | undefined {
    while (this.mode !== "hangs" && this.busy < this.workers && this.waiting > 0) {
      const copy = this.#waiting[this.#head]!;
      this.#head += 1;
      if (this.#head > 1_000 && this.#head * 2 > this.#waiting.length) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
      if (!copy.over) return copy;
    }
    return undefined;
  }
}
