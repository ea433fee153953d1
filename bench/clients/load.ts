import type { Caller } from "../../test/support/programs/callers.js";

/** Calls at once; each caller makes its next call when the last has ended. */
const CALLERS = 8;

/** What came of the calls. */
export interface Figures {
  readonly calls: number;
  readonly failures: readonly string[];
  /** Calls that each process answered. */
  readonly shares: ReadonlyMap<string, number>;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Load on a fleet until it is told to end. */
export class Load {
  readonly #caller: Caller;
  readonly #ended: Promise<unknown>;
  #times: number[] = [];
  #failures: string[] = [];
  #shares = new Map<string, number>();
  #running = true;

  constructor(caller: Caller) {
    this.#caller = caller;
    this.#ended = Promise.all(Array.from({ length: CALLERS }, () => this.#callOn()));
  }

  /** Forgets what it has measured. */
  reset(): void {
    this.#times = [];
    this.#failures = [];
    this.#shares = new Map();
  }

  /** Resolves when every one of these processes has answered so many calls. */
  async reach(pids: readonly string[], calls: number): Promise<void> {
    while (!pids.every((pid) => (this.#shares.get(pid) ?? 0) >= calls)) await pause(5);
  }

  figures(): Figures {
    const sorted = [...this.#times].sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
    const [calls, failures] = [sorted.length + this.#failures.length, this.#failures];
    return { calls, failures, shares: this.#shares, p50: at(0.5), p99: at(0.99) };
  }

  async end(): Promise<Figures> {
    this.#running = false;
    await this.#ended;
    this.#caller.close();
    return this.figures();
  }

  async #callOn(): Promise<void> {
    while (this.#running) {
      const began = performance.now();
      try {
        const servedBy = await this.#caller.call();
        this.#times.push(performance.now() - began);
        this.#shares.set(servedBy, (this.#shares.get(servedBy) ?? 0) + 1);
      } catch (error) {
        this.#failures.push((error as Error).message);
        await pause(1);
      }
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
