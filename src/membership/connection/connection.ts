import { afterRead } from "../../async/after-read.js";
import type { Timing } from "../../async/timing.js";
import { IDLE_MS, SILENCE_MS, UNCONNECTED_MS } from "../grace-periods.js";
import { Activity } from "./activity.js";
import { AskedInVain } from "./asked-in-vain.js";
import { type ConnectionEvent, type ConnectionState, next, type ProbeCause, upState } from "./connection-state.js";
import { Reasking } from "./reasking.js";
import { StandingSession } from "./standing-session.js";
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
  #standing: StandingSession<S> | undefined;
  #activity: Activity;
  #keptUp = true;
  #stopUnconnected: (() => void) | undefined;
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
      lost: (activity) => this.#isOurs(activity) && this.#lost(),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** What calls are made on; undefined while nothing stands. */
  get session(): S | undefined {
    return this.#standing?.session;
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
    this.#notMissed();
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
    if (!this.#standing || this.#state.is === "probing") return;
    this.#dispatch({ type: "probe", cause });
    this.#standing?.probe();
  }

  /** No new calls; those that run may finish. */
  close(): void {
    this.#down();
    this.#line?.close();
    this.#line = undefined;
    this.#notMissed();
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
    const ours = (act: () => void) => this.#isOurs(activity) && act();
    const line = this.#transport.line(this.listed, {
      fresh,
      activity,
      connected: (session) => ours(() => this.#connected(session)),
      failed: (reason) => ours(() => this.#failed(reason)),
      lost: () => ours(() => this.#lost()),
    });
    this.#line = line;
    this.#dispatch({ type: "dial" });
    this.#missedFrom();
    line.start();
  }

  /** A line that has been replaced may still speak. */
  #isOurs(activity: Activity): boolean {
    return this.#activity === activity && this.#state.is !== "closed";
  }

  #newActivity(): Activity {
    const activity: Activity = new Activity(this.#settings.timing, {
      busy: () => this.#activity === activity && this.#standing?.watchCalls(),
      unanswered: () => this.#activity === activity && this.probe("silence"),
    });
    return activity;
  }

  #connected(session: S): void {
    const { timing, keepaliveMs } = this.#settings;
    const standing = new StandingSession(session, this.#activity, timing, {
      told: (word) => {
        this.#askedInVain.answered();
        this.#told(word);
      },
      untold: () => this.#told({ notTold: "no answer within a second" }),
      silent: (cause) => this.probe(cause),
      alive: () => this.#alive(),
      unanswered: () => this.#unanswered(standing),
    });
    this.#standing = standing;
    this.#activity.heard();
    this.lastError = undefined;
    this.#notMissed();
    const asked = session.watchHealth !== undefined && this.#askedInVain.connected();
    this.#dispatch({ type: "connected", checksHealth: asked });
    if (asked) standing.watchHealth();
    else if (session.watchHealth) this.#listener.healthNotTold("its connections end when it is asked");
    if (keepaliveMs !== undefined) standing.keepAlive(keepaliveMs);
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
    this.#standing?.end();
    this.#standing = undefined;
    this.#reasking.stop();
  }

  /** The line has never been up, or has just gone down: from now on it is missed. */
  #missedFrom(): void {
    if (!this.#keptUp) return;
    const sayUnlessUp = () => {
      if (!upState(this.#state)) this.#listener.unconnected();
    };
    this.#stopUnconnected ??= afterRead(UNCONNECTED_MS, sayUnlessUp, this.#settings.timing);
  }

  #notMissed(): void {
    this.#stopUnconnected?.();
    this.#stopUnconnected = undefined;
  }

  #told(word: HealthWord): void {
    this.#standing?.knowsHealth();
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
    this.#connected(session);
    this.#told({ serving: true });
  }

  #alive(): void {
    this.#standing?.endProbe();
    this.#dispatch({ type: "alive" });
  }

  #unanswered(standing: StandingSession<S>): void {
    this.#down();
    const reason = `${this.listed.instance.address}: no answer to a probe for ${SILENCE_MS} ms`;
    this.lastError = reason;
    this.#listener.foundDead();
    standing.endCallsUnlessHeard(reason, this.#settings.callGraceMs);
    this.#dispatch({ type: "dead" });
    this.#dial(true);
  }
}
