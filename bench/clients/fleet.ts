import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Instances in processes of their own. They never outlive this one. */
export class Fleet {
  readonly #etcd: string;
  readonly #kind: string;
  readonly #key: string;
  readonly #running = new Map<string, ChildProcess>();

  constructor(etcd: string, kind: string, key: string) {
    this.#etcd = etcd;
    this.#kind = kind;
    this.#key = key;
  }

  /** Starts an instance whose calls take this long; resolves with its process's number once it is listed. */
  async start(ms: number): Promise<string> {
    const program = ["--import", "tsx", "bench/clients/instance.ts", this.#kind, this.#key, String(ms)];
    const child = spawn(process.execPath, program, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ROLLCALL_LOG_LEVEL: "error", ...process.env, ETCD: this.#etcd },
    });
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    const pid = String(child.pid);
    const exited = once(child, "exit").then(([code, signal]) => {
      process.removeListener("exit", kill);
      this.#running.delete(pid);
      throw new Error(`an instance of ${this.#kind} ended (${signal ?? code}) before it was listed`);
    });
    await Promise.race([once(createInterface(child.stdout), "line"), exited]);
    exited.catch(() => {});
    this.#running.set(pid, child);
    return pid;
  }

  async end(pid: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#running.get(pid)!;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((pid) => this.end(pid, "SIGKILL")));
  }
}
