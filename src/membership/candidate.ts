import { afterRead } from "../async/after-read.js";
import type { Timing } from "../async/timing.js";
import type { Activity } from "./connection/activity.js";
import type { Line, LineEvents, Session } from "./connection/transport.js";
import { CANDIDATE_MS } from "./grace-periods.js";

export interface CandidateListener<S extends Session> {
  /** It is connected and says that it serves: it is the caller's from now on. */
  serves(line: Line, session: S, activity: Activity): void;
  /** The one that was taken has ended, or its far side is about to end it. */
  lost(activity: Activity): void;
  /** It has been given up. */
  gone(): void;
}

/** A second connection to an address whose first one says NOT_SERVING, to see whether another process there serves. */
export class Candidate<S extends Session> {
  readonly #line: Line;
  readonly #stopTimer: () => void;
  #stopHealth: (() => void) | undefined;
  #state: "asking" | "taken" | "given up" = "asking";

  constructor(
    open: (events: LineEvents<S>) => Line,
    timing: Timing,
    activity: Activity,
    listener: CandidateListener<S>,
  ) {
    const give = () => {
      if (this.#state !== "asking") return;
      this.close();
      listener.gone();
    };
    const take = (session: S) => {
      if (this.#state !== "asking") return;
      this.#end("taken");
      listener.serves(this.#line, session, activity);
    };
    this.#line = open({
      fresh: true,
      activity,
      connected: (session) => {
        if (this.#state !== "asking") return;
        if (!session.watchHealth) return take(session);
        this.#stopHealth = session.watchHealth((word) => {
          // The watch's own stop is known only when it has been started.
          if ("serving" in word && word.serving) timing.after(0, () => take(session));
          else timing.after(0, give);
        });
      },
      failed: give,
      lost: () => (this.#state === "taken" ? listener.lost(activity) : give()),
    });
    this.#stopTimer = afterRead(CANDIDATE_MS, give, timing);
    this.#line.start();
  }

  close(): void {
    if (this.#state !== "asking") return;
    this.#end("given up");
    this.#line.close();
  }

  #end(as: "taken" | "given up"): void {
    this.#state = as;
    this.#stopTimer();
    this.#stopHealth?.();
  }
}
