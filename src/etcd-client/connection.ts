import { Backoff, sleep } from "../async/backoff.js";
import { supervise } from "../async/supervise.js";
import { log } from "../log.js";
import { shuffled } from "../shuffled.js";
import { announce, type ConnectionEvent, type ConnectionState, next } from "./connection-state.js";
import { type DialOptions, dial } from "./dial.js";
import { PingPace } from "./rpc/ping-pace.js";
import type { Session, Sessions } from "./session.js";
import type { ConnectionSettings } from "./settings.js";
import { Tokens } from "./tokens.js";

/** A session that lived this long was a good one: the next attempt need not wait. */
const GOOD_SESSION_MS = 10_000;

/**
 * A whole fleet loses its sessions in one moment, when a member of etcd ends. Each process is back at a moment of its own within this
 * time, in milliseconds: nothing waits for it, since leases last longer and what is known stays.
 */
const SPREAD_MS = 1_000;

/** How long connecting to a host may take, in milliseconds, at first and after many rounds in which none could be used. */
const CONNECT_MS = 3_000;
const LONGEST_CONNECT_MS = 12_000;

export type Dial = (host: string, options: DialOptions) => Promise<Session>;

/** Keeps one session with the cluster up, from one host to the next. Each change is one log line. */
export class Connection implements Sessions {
  readonly #settings: ConnectionSettings;
  readonly #hosts: readonly string[];
  readonly #dial: Dial;
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff({ initialMs: 100, maxMs: 3_000 });
  readonly #pace = new PingPace();
  readonly #tokens = new Tokens();
  #state: ConnectionState = { at: "starting" };
  #round = new Round();
  #session: Session | undefined;
  /** The last session was a good one, and nothing has been tried since. */
  #lostGood = false;
  #nextHost = 0;
  #failedRounds = 0;

  /** @param settings Normalised. */
  constructor(settings: ConnectionSettings, dialHost: Dial = dial) {
    this.#settings = settings;
    // Each process begins with another host, so that a cluster's members carry alike.
    this.#hosts = shuffled(settings.hosts);
    this.#dial = dialHost;
    void supervise("the connection to etcd", this.#closing.signal, () => this.#run());
  }

  /**
   * The session; while there is none, the outcome of trying every host once.
   * @throws Error that names each host and why it could not be used.
   */
  session(): Promise<Session> {
    return this.#round.outcome;
  }

  /** For whoever shows it. */
  get state(): ConnectionState {
    return this.#state;
  }

  get hosts(): readonly string[] {
    return this.#settings.hosts;
  }

  close(): void {
    const reason = new Error("the connection to etcd was closed");
    this.#happened({ is: "closed" });
    this.#closing.abort(reason);
    this.#session?.drop(reason);
    this.#round.failed(reason);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const found = await this.#tryHosts();
      if (signal.aborted) {
        if (!(found instanceof Error)) found.drop(signal.reason);
        return;
      }
      if (found instanceof Error) {
        this.#failedRounds += 1;
        this.#happened({ is: "failed", reason: found.message });
        this.#round.failed(found);
        this.#round = new Round();
      } else {
        this.#failedRounds = 0;
        this.#happened({ is: "opened", host: found.host });
        await this.#use(found);
      }
      await sleep(Math.max(this.#waitMs(), this.#tokens.waitMs), signal, { unref: true });
    }
  }

  /** Resolves when the session is lost. */
  async #use(session: Session): Promise<void> {
    const since = performance.now();
    this.#session = session;
    this.#round.found(session);
    const reason = await session.ended;
    this.#session = undefined;
    if (this.#closing.signal.aborted) return;
    this.#round = new Round();
    this.#happened({ is: "lost", reason: reason.message });
    this.#lostGood = performance.now() - since > GOOD_SESSION_MS;
  }

  /** Until the next attempt, in milliseconds. */
  #waitMs(): number {
    if (!this.#lostGood) return this.#backoff.next();
    this.#lostGood = false;
    this.#backoff.reset();
    return Math.random() * SPREAD_MS;
  }

  /** The first host that can be used, beginning after the one tried last; or why none can. */
  async #tryHosts(): Promise<Session | Error> {
    const failures = new Map<string, Error>();
    const { signal } = this.#closing;
    while (failures.size < this.#hosts.length && !signal.aborted) {
      const host = this.#hosts[this.#nextHost % this.#hosts.length]!;
      this.#nextHost += 1;
      try {
        const timeoutMs = Math.min(LONGEST_CONNECT_MS, CONNECT_MS * 2 ** Math.min(this.#failedRounds, 10));
        return await this.#dial(host, {
          settings: this.#settings,
          pace: this.#pace,
          tokens: this.#tokens,
          timeoutMs,
          signal,
        });
      } catch (error) {
        // Another host would hash the password as well, and say the same: it is tried when it is time to log in again.
        if (this.#tokens.waitMs > 0) return error as Error;
        failures.set(host, error as Error);
      }
    }
    if (failures.size === 1) return [...failures.values()][0]!;
    // In one order, so that equal outcomes read alike.
    const sorted = this.#settings.hosts.flatMap((host) => failures.get(host) ?? []);
    return new AggregateError(sorted, `no etcd host can be used: ${sorted.map(({ message }) => message).join("; ")}`);
  }

  #happened(event: ConnectionEvent): void {
    const before = this.#state;
    this.#state = next(before, event);
    const line = announce(before, this.#state);
    if (!line) return;
    const facts = "host" in this.#state ? { host: this.#state.host } : { hosts: this.#settings.hosts };
    log[line.level](facts, line.message);
  }
}

/** One search for a usable host: a promise that its owner settles, and that may be left alone. */
class Round {
  readonly outcome: Promise<Session>;
  found!: (session: Session) => void;
  failed!: (reason: Error) => void;

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
      this.found = resolve;
      this.failed = reject;
    });
    this.outcome.catch(() => {});
  }
}
