import type { Timing } from "../../async/timing.js";
import { log } from "../../log.js";
import { refusals } from "../../tally.js";

/**
 * Why a call was not handed to its handler: the server is full, the method fails too often, or its deadline had passed before
 * its turn came.
 */
export type RefusalReason = "full" | "failing" | "late";

/** The first line comes after so long, in milliseconds; ... */
const FIRST_MS = 1_000;
/** ... the others after so long. */
const EVERY_MS = 60_000;
/** So many methods are named. */
const NAMED = 5;

const WORDS: Readonly<Record<RefusalReason, string>> = {
  full: "the server was full",
  failing: "their method fails too often",
  late: "their deadline had passed before their turn",
};

/** Says at most once a minute how many calls were refused, and why. */
export class ShedReport {
  readonly #timing: Timing;
  readonly #facts: () => object;
  readonly #reasons = new Map<RefusalReason, number>();
  readonly #methods = new Map<string, number>();
  #waiting = false;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param facts for the line, as they are when it is written. */
  constructor(timing: Timing, facts: () => object) {
    this.#timing = timing;
    this.#facts = facts;
  }

  refused(reason: RefusalReason, method: string): void {
    refusals.count(reason);
    add(this.#reasons, reason);
    add(this.#methods, method);
    if (this.#waiting) return;
    this.#waiting = true;
    const sinceSaid = this.#timing.now() - this.#saidAt;
    this.#timing.after(Math.max(FIRST_MS, EVERY_MS - sinceSaid), () => this.#say());
  }

  #say(): void {
    this.#waiting = false;
    this.#saidAt = this.#timing.now();
    const calls = [...this.#reasons.values()].reduce((sum, count) => sum + count, 0);
    const why = [...this.#reasons].map(([reason, count]) => `${count} because ${WORDS[reason]}`).join(", ");
    const methods = Object.fromEntries([...this.#methods].sort(([, a], [, b]) => b - a).slice(0, NAMED));
    this.#reasons.clear();
    this.#methods.clear();
    log.warn({ ...this.#facts(), refused: calls, methods }, `calls are refused by overload protection: ${why}`);
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
