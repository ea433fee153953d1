import type { Logger } from "rollcall";

/** What the log line of a call says, as far as the demo shows it. */
interface CallLine {
  readonly instance: string;
  readonly ms: number;
  readonly compared: readonly { readonly instance: string; readonly inFlight: number }[];
}

export interface Seen {
  calls: number;
  /** Exponentially weighted moving average of the calls' durations, in milliseconds. */
  ewmaMs: number;
  /** When the balancer last compared this instance with others. */
  inFlight: number;
}

/** Weight of the newest call in the average. */
const NEWEST = 0.1;

/** Reads from Rollcall's own log how calls are balanced: at debug level there is one line per call. */
export class Balance implements Logger {
  readonly instances = new Map<string, Seen>();
  readonly #onWarning: (message: string) => void;

  constructor(onWarning: (message: string) => void) {
    this.#onWarning = onWarning;
  }

  debug(facts: object, message: string): void {
    if (message !== "call") return;
    const { instance, ms, compared } = facts as CallLine;
    const seen = this.#seen(instance);
    seen.ewmaMs = seen.calls === 0 ? ms : seen.ewmaMs + NEWEST * (ms - seen.ewmaMs);
    seen.calls += 1;
    for (const { instance: other, inFlight } of compared) this.#seen(other).inFlight = inFlight;
  }

  info(): void {}

  warn(_facts: object, message: string): void {
    this.#onWarning(message);
  }

  error(_facts: object, message: string): void {
    this.#onWarning(message);
  }

  #seen(instance: string): Seen {
    let seen = this.instances.get(instance);
    if (!seen) {
      seen = { calls: 0, ewmaMs: 0, inFlight: 0 };
      this.instances.set(instance, seen);
    }
    return seen;
  }
}
