import type { Timing } from "../../async/timing.js";
import { FIRST_WORD_MS, IDLE_MS, SILENCE_MS, UNCONNECTED_MS } from "../grace-periods.js";
import { Activity } from "./activity.js";
import { AskedInVain } from "./asked-in-vain.js";
import { type ConnectionEvent, type ConnectionState, next, type ProbeCause, upState } from "./connection-state.js";
import { Reasking } from "./reasking.js";
import { SilenceWatch } from "./silence-watch.js";
import type { HealthWord, Line, Listed, Session, Transport } from "./transport.js";

export interface ConnectionSettings {
  readonly timing: Timing;
  /** A connection that has been quiet for so long, no call running, is probed; undefined for never. Milliseconds. */
  readonly keepaliveMs: number | undefined;
  /** How long the calls on a connection that was found dead are left to themselves, in milliseconds. */
  readonly callGraceMs: number;
}

export interface ConnectionListener {
  /** The state has changed, or what is known of why. */
  changed(before: ConnectionState, now: ConnectionState): void;
  /** The instance does not tell its health. */
  healthNotTold(reason: string): void;
  /** The connection has not been up for UNCONNECTED_MS; once until it is. */
  unconnected(): void;
  foundDead(): void;
}

/** The connection to one instance: dialled again whenever it is lost, probed when it is silent, replaced when it is dead. */
export class Connection<L extends Listed = Listed, S extends Session = Session> {
  /** What the registry says of the instance now. */
  listed: L;
  /** Why there is no connection, or no call may be made on it. */
  lastError: string | undefined;
  #state: ConnectionState = { is: "idle" };
  readonly #transport: Transport<L, S>;
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  #line: Line | undefined;
  #session: S | undefined;
  #activity: Activity;
  #keptUp = true;
  #stopHealth: (() => void) | undefined;
  #stopProbe: (() => void) | undefined;
  #stopFirstWord: (() => void) | undefined;
  #stopUnconnected: (() => void) | undefined;
  #silence: SilenceWatch | undefined;
  readonly #reasking: Reasking<S>;
  readonly #askedInVain = new AskedInVain();

  constructor(listed: L, transport: Transport<L, S>, settings: ConnectionSettings, listener: ConnectionListener) {
    this.listed = listed;
    this.#transport = transport;
    this.#settings = settings;
    this.#listener = listener;
    this.#activity = this.#newActivity();
    this.#reasking = new Reasking({
      timing: settings.timing,
      open: (events) => this.#transport.line(this.listed, events),
      newActivity: () => this.#newActivity(),
      found: (line, session, activity) => this.#adopt(line, session, activity),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** What calls are made on; undefined while nothing stands. */
  get session(): S | undefined {
    return this.#session;
  }

  /** The instance is listed, as this: its connection is dialled anew whenever it is lost. */
  keepUp(listed: L): void {
    this.listed = listed;
    this.#keptUp = true;
    if (this.#state.is === "idle") this.#dial(false);
  }

  /** The instance is not listed: its connection is used as long as it lasts, and then nobody waits for another. */
  letLapse(): void {
    this.#keptUp = false;
    this.#stopUnconnected?.();
    this.#stopUnconnected = undefined;
  }

  /** Whether nothing has passed for so long that the connection must be probed before it is used. */
  get stale(): boolean {
    const { running, heardAt } = this.#activity;
    return running === 0 && this.#settings.timing.now() - heardAt > IDLE_MS;
  }

  /**
   * Asks whether anybody is at the other end. A frozen process and a host that vanished look alike from here, and neither
   * closes its connections; so one that does not answer is replaced.
   */
  probe(cause: ProbeCause): void {
    const session = this.#session;
    if (!session || this.#state.is === "probing") return;
    const { timing } = this.#settings;
    const activity = this.#activity;
    const stopTimer = timing.after(SILENCE_MS, () => {
      // After a stall of this process timers come first; an answer that is there already is still read before this is.
      this.#stopProbe = timing.after(0, () => this.#unanswered(session, stopAsking));
    });
    this.#stopProbe = stopTimer;
    this.#dispatch({ type: "probe", cause });
    const stopAsking = session.probe(() => {
      activity.heard();
      if (this.#session === session) this.#alive();
    });
  }

  /** No new calls; those that run may finish. */
  close(): void {
    this.#down();
    this.#line?.close();
    this.#line = undefined;
    this.#stopUnconnected?.();
    this.#dispatch({ type: "close" });
  }

  #dispatch(event: ConnectionEvent): void {
    const before = this.#state;
    this.#state = next(before, event);
    if (this.#state !== before) this.#listener.changed(before, this.#state);
  }

  #dial(fresh: boolean): void {
    this.#line?.close();
    const activity = this.#newActivity();
    this.#activity = activity;
    // A line that has been replaced may still speak.
    const ours = (act: () => void) => this.#activity === activity && this.#state.is !== "closed" && act();
    const line = this.#transport.line(this.listed, {
      fresh,
      activity,
      connected: (session) => ours(() => this.#up(session)),
      failed: (reason) => ours(() => this.#failed(reason)),
      lost: () => ours(() => this.#lost()),
    });
    this.#line = line;
    this.#dispatch({ type: "dial" });
    this.#missedFrom();
    line.start();
  }

  #newActivity(): Activity {
    const activity: Activity = new Activity(this.#settings.timing, {
      busy: () => this.#activity === activity && this.#silence?.watchCalls(),
      unanswered: () => this.#activity === activity && this.probe("silence"),
    });
    return activity;
  }

  #up(session: S): void {
    this.#session = session;
    this.#activity.heard();
    this.lastError = undefined;
    this.#stopUnconnected?.();
    this.#stopUnconnected = undefined;
    const asked = session.watchHealth !== undefined && this.#askedInVain.connected();
    this.#dispatch({ type: "connected", checksHealth: asked });
    if (asked) this.#watchHealth(session);
    else if (session.watchHealth) this.#listener.healthNotTold("its connections end when it is asked");
    this.#silence = new SilenceWatch(this.#settings.timing, this.#activity, (cause) => this.probe(cause));
    const { keepaliveMs } = this.#settings;
    if (keepaliveMs !== undefined) this.#silence.keepAlive(keepaliveMs);
  }

  #failed(reason: string): void {
    this.lastError = reason;
    this.#dispatch({ type: "failed", reason });
  }

  #lost(): void {
    this.#askedInVain.lost();
    this.#down();
    this.#line?.close();
    this.#line = undefined;
    this.#dispatch({ type: "lost" });
    if (this.#keptUp) this.#dial(false);
  }

  /** Whatever belonged to the session ends with it. */
  #down(): void {
    this.#session = undefined;
    for (const stop of [this.#stopHealth, this.#stopFirstWord, this.#stopProbe]) stop?.();
    this.#stopHealth = this.#stopFirstWord = this.#stopProbe = undefined;
    this.#silence?.stop();
    this.#silence = undefined;
    this.#reasking.stop();
  }

  /** The line has never been up, or has just gone down: from now on it is missed. */
  #missedFrom(): void {
    if (!this.#keptUp) return;
    this.#stopUnconnected ??= this.#settings.timing.after(UNCONNECTED_MS, () => {
      if (!upState(this.#state)) this.#listener.unconnected();
    });
  }

  // Health

  #watchHealth(session: S): void {
    const { timing } = this.#settings;
    this.#stopFirstWord = timing.after(FIRST_WORD_MS, () => this.#told({ notTold: "no answer within a second" }));
    this.#stopHealth = session.watchHealth?.((word) => {
      if (this.#session !== session) return;
      this.#askedInVain.answered();
      this.#told(word);
    });
  }

  #told(word: HealthWord): void {
    this.#stopFirstWord?.();
    this.#stopFirstWord = undefined;
    const serving = "notTold" in word || word.serving;
    if ("notTold" in word) this.#listener.healthNotTold(word.notTold);
    this.lastError = serving ? undefined : `${this.listed.instance.address} says it is not serving`;
    if (this.#state.is === "probing") this.#alive();
    this.#dispatch({ type: "told", serving });
    if (serving) this.#reasking.stop();
    else this.#reasking.start();
  }

  /** A second connection, to a process that serves, takes the place of what stands. */
  #adopt(line: Line, session: S, activity: Activity): void {
    const before = this.#line;
    this.#down();
    this.#activity = activity;
    this.#line = line;
    before?.close();
    this.#dispatch({ type: "lost" });
    this.#dispatch({ type: "dial" });
    this.#up(session);
    this.#told({ serving: true });
  }

  // Silence

  #alive(): void {
    this.#stopProbe?.();
    this.#stopProbe = undefined;
    this.#dispatch({ type: "alive" });
  }

  /** Nothing came back: nobody lives at the other end, or the way there is gone. */
  #unanswered(session: S, stopAsking: () => void): void {
    if (this.#session !== session) return;
    const activity = this.#activity;
    this.#down();
    const reason = `${this.listed.instance.address}: no answer to a probe for ${SILENCE_MS} ms`;
    this.lastError = reason;
    this.#listener.foundDead();
    this.#endCallsUnlessHeard(session, activity, stopAsking, reason);
    this.#dispatch({ type: "dead" });
    this.#dial(true);
  }

  /** A host that comes back within the grace time keeps its calls; those of one that does not would else hang for minutes. */
  #endCallsUnlessHeard(session: S, activity: Activity, stopAsking: () => void, reason: string): void {
    const { timing, callGraceMs } = this.#settings;
    const { heardAt } = activity;
    timing.after(callGraceMs, () => {
      stopAsking();
      if (activity.heardAt === heardAt) session.endCalls(reason);
    });
  }
}
