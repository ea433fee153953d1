import type { Kind } from "./scenario.js";

/** What a server does with calls: serves, fails this share of them at once, or neither answers nor fails. */
export type Mode = { readonly fails: number } | "hangs";

/** A call on its way. */
export interface Call {
  readonly client: number;
  readonly server: number;
  readonly start: number;
  readonly demand: number;
  readonly kind: Kind;
  fails: boolean;
  /** The client has its answer, or has given up. */
  over: boolean;
}

/** So many workers, and one queue for all of them. */
export class Server {
  readonly workers: number;
  readonly waiting: Call[] = [];
  head = 0;
  busy = 0;
  slowness: number;
  mode: Mode = { fails: 0 };
  calls = 0;
  running = 0;

  constructor(workers: number, slowness: number) {
    this.workers = workers;
    this.slowness = slowness;
  }
}
