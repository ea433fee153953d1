import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import type { TestContext } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { shellWord } from "../../../src/cli/output.js";
import { TYPESCRIPT } from "../typescript.js";

const MAIN = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

/** Why there is no pseudo-terminal here, or false. In CI there has to be one. */
export function terminalSkipReason(): string | false {
  if (spawnSync("script", ["-qfec", "stty -a", "/dev/null"], { stdio: "ignore" }).status === 0) return false;
  if (process.env.CI === "true") throw new Error("no `script` of util-linux; CI has to have it");
  return "no pseudo-terminal: `script` of util-linux is missing";
}

/** The real command in a real pseudo-terminal, and what stands there afterwards. */
export class Terminal {
  readonly #child: ChildProcess;
  /** Of the command and of its terminal. */
  readonly ended: Promise<unknown>;
  #written = "";

  constructor(
    t: TestContext,
    args: readonly string[],
    { columns = 100, rows = 24, env = {} }: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {},
  ) {
    const command = [process.execPath, ...TYPESCRIPT, MAIN, ...args].map(shellWord).join(" ");
    const shell = `stty cols ${columns} rows ${rows}; sh -c ${shellWord(`echo pid=$$; exec ${command}`)}; echo code=$?; stty -a`;
    const { NO_COLOR: _no, FORCE_COLOR: _force, ROLLCALL_LOG_LEVEL: _level, ...rest } = process.env;
    this.#child = spawn("script", ["-qfec", shell, "/dev/null"], {
      env: { ...rest, TERM: "xterm-256color", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#written += text;
    });
    this.ended = once(this.#child, "close");
    t.after(() => this.#child.kill("SIGKILL"));
  }

  /** Everything written so far, control sequences included. */
  get written(): string {
    return this.#written;
  }

  /** The last whole picture, without styles, line by line. */
  get lines(): string[] {
    const picture = this.#written.split("\u001b[H").findLast((text) => text.includes("\u001b[J")) ?? "";
    return stripVTControlCharacters(picture.slice(0, picture.indexOf("\u001b[J"))).split(/\r*\n/);
  }

  /** Resolves when the picture is as wanted. */
  async until(wanted: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    while (!wanted(this.lines)) await Promise.race([once(this.#child.stdout!, "data"), this.#over()]);
    return this.lines;
  }

  send(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** The window gets another size. */
  resize(columns: number, rows: number): void {
    const tty = readlinkSync(`/proc/${this.#pid}/fd/0`);
    spawnSync("stty", ["-F", tty, "cols", `${columns}`, "rows", `${rows}`]);
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.#pid, signal);
  }

  /** Whether the command is stopped, as by Ctrl-Z. */
  get isStopped(): boolean {
    const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", `${this.#pid}`], { encoding: "utf8" });
    return stdout.startsWith("T");
  }

  get #pid(): number {
    return Number(/pid=(\d+)/.exec(this.#written)![1]);
  }

  /** Waits for the command's end. @returns its exit code, and whether the terminal is as it was before. */
  async end(): Promise<{ code: number; clean: boolean }> {
    await this.ended;
    const left = this.#written.lastIndexOf("\u001b[?1049l");
    const shown = this.#written.lastIndexOf("\u001b[?25h");
    const screen =
      left > this.#written.lastIndexOf("\u001b[?1049h") && shown > this.#written.lastIndexOf("\u001b[?25l");
    const settings = this.#written.slice(this.#written.lastIndexOf("code="));
    const keys = ["icanon", "echo", "isig"].every((setting) => settings.split(/\s+/).includes(setting));
    return { code: Number(/code=(\d+)/.exec(settings)![1]), clean: screen && keys };
  }

  async #over(): Promise<never> {
    await this.ended;
    throw new Error(`the command ended: ${JSON.stringify(this.#written.slice(-2_000))}`);
  }
}
