import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { memoryMb } from "../support/process-cost.js";

/** A program in a process of its own. It prints lines of JSON, may be told lines, and ends when its input closes. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #lines: AsyncIterator<string> | undefined;
  #lastWords = "";

  /** @param isHeard false for one whose lines nobody reads: printing them then costs next to nothing. */
  constructor([file = "", ...args]: readonly string[], { isHeard = true } = {}) {
    this.#name = [file, ...args].join(" ");
    const child = spawn(file, args, {
      stdio: ["pipe", isHeard ? "pipe" : "ignore", "pipe"],
      env: { ...process.env, ROLLCALL_LOG_LEVEL: "error" },
    });
    this.#child = child;
    this.#input = child.stdin!;
    this.#input.on("error", () => {}); // told by its end
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-2_000);
    });
    if (child.stdout) this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** The next line. @throws Error when the program ends before it prints one. */
  async next(): Promise<Readonly<Record<string, unknown>>> {
    const line = await this.#lines?.next();
    if (!line || line.done) throw new Error(`${this.#name} ended early:\n${this.#lastWords}`);
    return JSON.parse(line.value);
  }

  tell(line: string): void {
    this.#input.write(`${line}\n`);
  }

  /** Resident memory in megabytes, as Linux counts it. */
  get residentMb(): number {
    return memoryMb({ pid: this.#child.pid! });
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
