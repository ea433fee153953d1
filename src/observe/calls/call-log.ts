import { log } from "../../log.js";
import { statusName } from "../status-names.js";

/** Lines of one kind come no oftener than so, in milliseconds: an outage is no flood of lines. */
const LEAST_MS = 10_000;
/** Kinds of lines that are told apart; further ones are not logged, which no program with methods of its own reaches. */
const MOST_KINDS = 1_000;
/** Of what a server says of a failure, which may be long. */
const MOST_CHARS = 256;

/** A unary call that has ended, as its caller sees it. */
export interface EndedCall {
  readonly path: string;
  /** With all its attempts, in milliseconds. */
  readonly ms: number;
  readonly code: number;
  readonly details: string;
  /** `host:port` of the instance; the target's URL where there was none. Asked for calls that are logged alone. */
  readonly peer: () => string;
}

/**
 * go-zero's client middleware `Duration`: logs calls that took long and calls that failed; never what they carried. Of one method
 * and one reason a line in ten seconds at most, with how many were like it since the last one (`more`). Their callers are told
 * anyway, so no line is a warning.
 */
export class CallLog {
  readonly #service: string;
  readonly #slowMs: number;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { at: number; unsaid: number }>();

  /** @param slowMs calls that take longer are logged, in milliseconds. @param now milliseconds; for tests. */
  constructor(service: string, slowMs: number, now: () => number = () => performance.now()) {
    this.#service = service;
    this.#slowMs = slowMs;
    this.#now = now;
  }

  ended({ path, ms, code, details, peer }: EndedCall): void {
    if (code === 0 && ms <= this.#slowMs) return;
    const more = this.#more(`${path} ${code}`);
    if (more === undefined) return;
    const instance = peer();
    const facts = {
      service: this.#service,
      method: path,
      ...(!instance.includes("/") && { instance }),
      ms: Math.round(ms * 1_000) / 1_000,
      ...(more > 0 && { more }),
    };
    if (code === 0) {
      log.info({ ...facts, limitMs: this.#slowMs }, "slow call");
      return;
    }
    log.info({ ...facts, code: statusName(code), details: details.slice(0, MOST_CHARS) }, "failed call");
  }

  /** How many of this kind have not been logged since the last line; undefined where it is not time for another. */
  #more(kind: string): number | undefined {
    const now = this.#now();
    const last = this.#kinds.get(kind);
    if (last && now - last.at < LEAST_MS) {
      last.unsaid += 1;
      return undefined;
    }
    if (!last && this.#kinds.size >= MOST_KINDS) return undefined;
    this.#kinds.set(kind, { at: now, unsaid: 0 });
    return last?.unsaid ?? 0;
  }
}
