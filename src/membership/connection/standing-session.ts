import { afterRead } from "../../async/after-read.js";
import type { Timing } from "../../async/timing.js";
import { FIRST_WORD_MS, SILENCE_MS } from "../grace-periods.js";
import type { Activity } from "./activity.js";
import type { ProbeCause } from "./connection-state.js";
import { SilenceWatch } from "./silence-watch.js";
import type { HealthWord, Session } from "./transport.js";

/** Nothing is told after the end. */
export interface StandingEvents {
  /** What the instance says of its health. */
  told(word: HealthWord): void;
  /** It has not told its health in time. */
  untold(): void;
  /** It has been silent for so long that it should be probed. */
  silent(cause: ProbeCause): void;
  /** A probe has been answered. */
  alive(): void;
  /** A probe has not been answered for SILENCE_MS: nobody lives at the other end, or the way there is gone. */
  unanswered(): void;
}

/** A session, and what is done about it while it stands: its health is followed, its silence noticed, probes are sent. */
export class StandingSession<S extends Session> {
  readonly session: S;
  readonly #activity: Activity;
  readonly #timing: Timing;
  readonly #events: StandingEvents;
  readonly #silence: SilenceWatch;
  #stopHealth: (() => void) | undefined;
  #stopFirstWord: (() => void) | undefined;
  #stopProbe: (() => void) | undefined;
  #stopAsking: (() => void) | undefined;
  #over = false;

  constructor(session: S, activity: Activity, timing: Timing, events: StandingEvents) {
    this.session = session;
    this.#activity = activity;
    this.#timing = timing;
    this.#events = events;
    this.#silence = new SilenceWatch(timing, activity, (cause) => events.silent(cause));
  }

  /** Calls run: their silence is noticed. */
  watchCalls(): void {
    this.#silence.watchCalls();
  }

  /** Silence is noticed whenever it has been quiet for so long, no call running. */
  keepAlive(everyMs: number): void {
    this.#silence.keepAlive(everyMs);
  }

  /** Follows its health; where there is no word in time, that is told. */
  watchHealth(): void {
    this.#stopFirstWord = afterRead(FIRST_WORD_MS, () => this.#events.untold(), this.#timing);
    this.#stopHealth = this.session.watchHealth?.((word) => {
      if (!this.#over) this.#events.told(word);
    });
  }

  /** Its health is known: no first word is waited for. */
  knowsHealth(): void {
    this.#stopFirstWord?.();
    this.#stopFirstWord = undefined;
  }

  /** Asks whether anybody is at the other end. */
  probe(): void {
    this.#stopProbe = afterRead(SILENCE_MS, () => this.#events.unanswered(), this.#timing);
    this.#stopAsking = this.session.probe(() => {
      this.#activity.heard();
      if (!this.#over) this.#events.alive();
    });
  }

  /** There is an answer, or another sign of life. */
  endProbe(): void {
    this.#stopProbe?.();
    this.#stopProbe = undefined;
  }

  /** It stands no longer, or is used no longer. */
  end(): void {
    this.#over = true;
    this.#stopHealth?.();
    this.#stopFirstWord?.();
    this.#stopProbe?.();
    this.#silence.stop();
  }

  /**
   * It was found dead. A host that comes back within the grace time keeps its calls; those of one that does not would else hang
   * for minutes.
   */
  endCallsUnlessHeard(reason: string, graceMs: number): void {
    const { heardAt } = this.#activity;
    const endUnlessHeard = () => {
      this.#stopAsking?.();
      if (this.#activity.heardAt === heardAt) this.session.endCalls(reason);
    };
    afterRead(graceMs, endUnlessHeard, this.#timing);
  }
}
