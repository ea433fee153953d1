import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The processes of these tests, compiled once for all: dozens of them are started under load, and compiling in each
 * would be most of what they do.
 */
export class Processes {
  readonly #folder: string;
  readonly #running = new Set<ChildProcess>();

  constructor() {
    mkdirSync(join(root, ".cache"), { recursive: true });
    // Inside the repository, so that its packages are found.
    this.#folder = mkdtempSync(join(root, ".cache", "deploy-"));
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: { noEmit: false, noCheck: true, outDir: ".", rootDir: "../.." },
      include: ["../../test/deploy/processes"],
      exclude: [],
    };
    const file = join(this.#folder, "tsconfig.json");
    writeFileSync(file, JSON.stringify(config));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", file], { encoding: "utf8" });
    if (status !== 0) throw new Error(`the processes cannot be compiled:\n${stdout}`);
  }

  /** Starts one; its messages are the caller's to read. */
  start(name: "instance" | "load" | "delay" | "whole-life", options: unknown, quiet = false): ChildProcess {
    const file = join(this.#folder, "test", "deploy", "processes", `${name}.js`);
    const child = fork(file, [typeof options === "string" ? options : JSON.stringify(options)], {
      stdio: ["ignore", "inherit", quiet ? "pipe" : "inherit", "ipc"],
      env: { ...process.env, ROLLCALL_LOG_LEVEL: quiet ? "info" : "silent" },
      // Room for young objects spares a tenth of the processor time.
      execArgv: ["--max-semi-space-size=32"],
    });
    this.#running.add(child);
    child.once("exit", () => this.#running.delete(child));
    return child;
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    const gone = [...this.#running].map((child) => once(child, "exit"));
    for (const child of this.#running) child.kill("SIGKILL");
    await Promise.all(gone);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
