import type { Timing } from "../../async/timing.js";
import { QUIET_MS, SILENCE_MS } from "../grace-periods.js";
import type { Activity } from "./activity.js";
import type { ProbeCause } from "./connection-state.js";

/** Says when a connection that stands should be probed: calls on it are not answered, or it has been quiet for long. */
export class SilenceWatch {
  readonly #timing: Timing;
  readonly #activity: Activity;
  readonly #probe: (cause: ProbeCause) => void;
  /** Runs while calls do. */
  #stopWatch: (() => void) | undefined;
  #stopKeepalive: (() => void) | undefined;

  constructor(timing: Timing, activity: Activity, probe: (cause: ProbeCause) => void) {
    this.#timing = timing;
    this.#activity = activity;
    this.#probe = probe;
  }

  stop(): void {
    this.#stopWatch?.();
    this.#stopKeepalive?.();
    this.#stopWatch = this.#stopKeepalive = undefined;
  }

  /** Calls run: silence is looked into before a deadline passes, as some calls have none. */
  watchCalls(): void {
    this.#stopWatch ??= this.#timing.after(SILENCE_MS, () => this.#lookAtCalls());
  }

  /** Probes the connection whenever it has been quiet for so long, no call running. */
  keepAlive(everyMs: number): void {
    const look = () => {
      const { running, heardAt } = this.#activity;
      const dueInMs = heardAt + everyMs - this.#timing.now();
      if (dueInMs <= 0 && running === 0) this.#probe("idle");
      this.#stopKeepalive = this.#timing.after(Math.max(dueInMs > 0 ? dueInMs : everyMs, SILENCE_MS), look);
    };
    this.#stopKeepalive = this.#timing.after(everyMs, look);
  }

  #lookAtCalls(): void {
    this.#stopWatch = undefined;
    const { running, silentSince, heardAt } = this.#activity;
    if (running === 0) return;
    const unansweredAt = silentSince === undefined ? Number.POSITIVE_INFINITY : silentSince + SILENCE_MS;
    const dueInMs = Math.min(unansweredAt, heardAt + QUIET_MS) - this.#timing.now();
    this.#stopWatch = this.#timing.after(Math.max(dueInMs, SILENCE_MS / 2), () => this.#lookAtCalls());
    if (dueInMs <= 0) this.#probe("silence");
  }
}
