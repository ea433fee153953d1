import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { outlivedBy } from "./outlived-by.js";

/** A server that a test starts, kills and starts again. What it says goes to a file in its folder; neither outlives the test. */
export class LoggedProcess {
  readonly name: string;
  readonly #home: string;
  readonly #log: string;
  #child: ChildProcess | undefined;
  #watchdog: ChildProcess | undefined;

  /** @param home its folder, which is removed when the test run is killed. */
  constructor(name: string, home: string) {
    this.name = name;
    this.#home = home;
    this.#log = join(home, "process.log");
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    if (!this.#child?.pid) throw new Error(`${this.name} is not running`);
    return this.#child.pid;
  }

  /** Told by `running` alone if it cannot be started. */
  start(command: string, args: readonly string[]): void {
    const log = openSync(this.#log, "a");
    const child = spawn(command, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    child.on("error", () => {});
    child.unref();
    this.#child = child;
    this.#watchdog = child.pid ? outlivedBy(child.pid, this.#home) : undefined;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (!this.running) return;
    const child = this.#child!;
    const gone = once(child, "exit");
    child.ref();
    child.kill("SIGKILL");
    await gone;
    this.#watchdog?.kill("SIGKILL");
  }

  /** What it said last. */
  get lastWords(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").split("\n").slice(-12).join("\n") : "(no log)";
  }
}
