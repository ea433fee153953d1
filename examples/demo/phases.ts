import { type Call, p99, type Traffic } from "./traffic.js";

/** What one client's calls of one phase came to. */
interface Sum {
  readonly calls: number;
  readonly failed: number;
  readonly p99: string;
}

interface Phase {
  readonly name: string;
  readonly rollcall: readonly Call[];
  readonly roundRobin: readonly Call[];
}

/** The calls of both clients, cut into phases: each call is in one phase, so that the phases add up to the whole. */
export class Phases {
  readonly #traffics: readonly [rollcall: Traffic, roundRobin: Traffic];
  readonly #ended: Phase[] = [];
  #taken: [number, number] = [0, 0];

  constructor(rollcall: Traffic, roundRobin: Traffic) {
    this.#traffics = [rollcall, roundRobin];
  }

  start(): void {
    for (const traffic of this.#traffics) traffic.start();
  }

  /** Resolves when the last call has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#traffics.map((traffic) => traffic.stop()));
  }

  /** Calls by Rollcall that have ended since the last phase did. */
  get current(): readonly Call[] {
    return this.#traffics[0].calls.slice(this.#taken[0]);
  }

  /** Calls by Rollcall that ended since a time, of any phase. */
  since(time: number): readonly Call[] {
    return this.#traffics[0].since(time);
  }

  /** Ends the phase. @returns Rollcall's calls in it. */
  end(name: string): readonly Call[] {
    const [rollcall, roundRobin] = this.#traffics.map((traffic, i) => traffic.calls.slice(this.#taken[i]));
    this.#ended.push({ name, rollcall: rollcall!, roundRobin: roundRobin! });
    this.#taken = [this.#traffics[0].calls.length, this.#traffics[1].calls.length];
    return rollcall!;
  }

  /** Rollcall's calls, all phases. */
  get all(): readonly Call[] {
    return this.#ended.flatMap(({ rollcall }) => rollcall);
  }

  /** The phases side by side and their sum, at most 60 columns wide. */
  table(): string[] {
    const whole = {
      name: "all",
      rollcall: this.all,
      roundRobin: this.#ended.flatMap(({ roundRobin }) => roundRobin),
    };
    const rows = [...this.#ended, whole].map(({ name, rollcall, roundRobin }) =>
      row(
        name,
        [sumOf(rollcall), sumOf(roundRobin)].flatMap(({ calls, failed, p99 }) => [calls, failed, p99]),
      ),
    );
    const titles = [" ".repeat(17), "Rollcall".padStart(19), "round_robin".padStart(22)].join("");
    return [titles, row("", ["calls", "failed", "p99", "calls", "failed", "p99"]), ...rows];
  }
}

function sumOf(calls: readonly Call[]): Sum {
  return { calls: calls.length, failed: calls.filter(({ error }) => error).length, p99: p99(calls) };
}

function row(name: string, cells: readonly (string | number)[]): string {
  const widths = [6, 7, 8, 6, 7, 8];
  return name.padEnd(18) + cells.map((cell, i) => String(cell).padStart(widths[i]!)).join("");
}
