/** What a pick has counted in, and takes back when no call comes of it. */
interface Reserved {
  /** @param kind as it was given to add(). */
  released(kind?: string): void;
}

/** A pick starts its call within a microtask, or after call credentials are fetched; later than this it never will. */
const EXPIRY_MS = 10_000;

/**
 * Picks whose call has not started. grpc-js does not tell a pick that its call never started (it was cancelled while
 * credentials were fetched, or the connection broke), so reservations expire.
 */
export class Reservations {
  #queue: Reservation[] = [];
  #head = 0;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(node: Reserved, kind?: string): Reservation {
    const reservation = new Reservation(node, kind, this.#now());
    this.#queue.push(reservation);
    return reservation;
  }

  /** Gives back what has not started in time. O(1) amortised. */
  expire(): void {
    const before = this.#now() - EXPIRY_MS;
    for (let oldest = this.#queue[this.#head]; oldest; oldest = this.#queue[this.#head]) {
      if (!oldest.settled && oldest.at > before) break;
      oldest.expire();
      this.#head += 1;
    }
    if (this.#head > 1_000) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

export class Reservation {
  readonly at: number;
  readonly #node: Reserved;
  readonly #kind: string | undefined;
  #state: "open" | "settled" | "expired" = "open";

  constructor(node: Reserved, kind: string | undefined, at: number) {
    this.#node = node;
    this.#kind = kind;
    this.at = at;
  }

  get settled(): boolean {
    return this.#state !== "open";
  }

  get expired(): boolean {
    return this.#state === "expired";
  }

  /** The call has started. False when it came too late: then the balancer no longer counts it. */
  settle(): boolean {
    if (this.#state === "open") this.#state = "settled";
    return this.#state === "settled";
  }

  expire(): void {
    if (this.#state !== "open") return;
    this.#state = "expired";
    this.#node.released(this.#kind);
  }
}
