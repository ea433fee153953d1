import { Backoff } from "../../async/backoff.js";
import type { Timing } from "../../async/timing.js";
import { Candidate } from "../candidate.js";
import { REASK_LONGEST_MS, REASK_SHORTEST_MS } from "../grace-periods.js";
import type { Activity } from "./activity.js";
import type { Line, LineEvents, Session } from "./transport.js";

export interface ReaskingOptions<S extends Session> {
  readonly timing: Timing;
  readonly open: (events: LineEvents<S>) => Line;
  readonly newActivity: () => Activity;
  /** A connection to a process that serves has been found. */
  readonly found: (line: Line, session: S, activity: Activity) => void;
  /** One that was found has ended. */
  readonly lost: (activity: Activity) => void;
}

/**
 * NOT_SERVING speaks for one process, and several may share an address (a Kubernetes Service, a cluster of workers, a name
 * with several addresses): tries second connections, ever more seldom, until one finds a process that serves.
 */
export class Reasking<S extends Session> {
  readonly #options: ReaskingOptions<S>;
  readonly #backoff: Backoff;
  #stopTimer: (() => void) | undefined;
  #candidate: Candidate<S> | undefined;

  constructor(options: ReaskingOptions<S>) {
    this.#options = options;
    const random = () => options.timing.random();
    this.#backoff = new Backoff({ initialMs: REASK_SHORTEST_MS, maxMs: REASK_LONGEST_MS, random });
  }

  /** Does nothing where it is under way. */
  start(): void {
    if (this.#candidate) return;
    this.#stopTimer ??= this.#options.timing.after(this.#backoff.next(), () => {
      this.#stopTimer = undefined;
      this.#try();
    });
  }

  stop(): void {
    this.#backoff.reset();
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#candidate?.close();
    this.#candidate = undefined;
  }

  #try(): void {
    const { timing, open, newActivity, found, lost } = this.#options;
    this.#candidate = new Candidate(open, timing, newActivity(), {
      serves: (line, session, activity) => {
        this.#candidate = undefined;
        found(line, session, activity);
      },
      lost,
      gone: () => {
        this.#candidate = undefined;
        this.start();
      },
    });
  }
}
