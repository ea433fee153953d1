import { log } from "../../log.js";

/** The same is said again after so long at the soonest, in milliseconds. */
const EVERY_MS = 60_000;

/** What operators are told of a service whose instances are full or fail, each kind of news once a minute at most. */
export class SetAsideLog {
  readonly #service: () => string;
  readonly #now: () => number;
  readonly #said = new Map<string, number>();

  constructor(service: () => string, now: () => number = () => performance.now()) {
    this.#service = service;
    this.#now = now;
  }

  /** The first of a service's instances says that it is full. */
  began(): void {
    this.#once("info", {}, "instances say that they are full: they get no calls for as long as they ask for");
  }

  /** As many as may be set aside are. */
  ignored(): void {
    this.#once(
      "warn",
      {},
      "more instances are overloaded or failing than maxSetAside allows to exclude: the others still get calls",
    );
  }

  allFull(forMs: number): void {
    this.#once("warn", { forMs }, "all instances are full: calls fail at once until one has room; add instances");
  }

  #once(level: "info" | "warn", facts: object, message: string): void {
    const now = this.#now();
    if (now - (this.#said.get(message) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
    this.#said.set(message, now);
    log[level]({ service: this.#service(), ...facts }, message);
  }
}
