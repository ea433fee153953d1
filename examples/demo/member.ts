import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Order, Report } from "./instance.js";

const PROGRAM = fileURLToPath(new URL("instance.ts", import.meta.url));

/** The demo's view of one instance process. */
export class Member {
  readonly name: string;
  /** `host:port`, once it has started. */
  address = "";
  state: "waiting" | "serving" | "slow" | "stopping" | "stopped" | "killed" = "waiting";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  #said = "";

  constructor(name: string, registry: string) {
    this.name = name;
    this.#child = fork(PROGRAM, [registry], {
      env: { ...process.env, ROLLCALL_LOG_LEVEL: "warn" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr!.on("data", (text) => {
      this.#said += text;
    });
    this.#ended = once(this.#child, "exit").then(([code, signal]) => signal ?? code);
  }

  /** Resolves when the instance serves and is listed. */
  async start(): Promise<void> {
    this.#tell("start");
    const ended = this.#ended.then((how) => {
      throw new Error(`instance ${this.name} ended (${how}) instead of starting:\n${this.#said}`);
    });
    const [report] = (await Promise.race([once(this.#child, "message"), ended])) as [Report];
    ended.catch(() => {}); // from here on its end is the demo's own doing
    this.address = report.address;
    this.state = "serving";
  }

  slowDown(workMs: number): void {
    this.state = "slow";
    this.#tell({ workMs });
  }

  /** SIGTERM, as a deploy does it. Resolves with the exit status. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.state = "stopping";
    this.#child.kill("SIGTERM");
    const how = await this.#ended;
    this.state = "stopped";
    return how;
  }

  /** SIGKILL, as a crash does it. */
  async kill(): Promise<void> {
    this.state = "killed";
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #tell(order: Order): void {
    this.#child.send(order);
  }
}
