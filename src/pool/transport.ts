import { formatAddress, type HostPort } from "../address.js";
import { abortable } from "../async/abortable.js";
import { afterRead } from "../async/after-read.js";
import { Backoff, sleep } from "../async/backoff.js";
import { onAbort } from "../async/on-abort.js";
import { supervise } from "../async/supervise.js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import type { DialLimit } from "../membership/connection/dial-limit.js";
import type { Line, LineEvents, Transport } from "../membership/connection/transport.js";
import type { PoolSettings } from "./options.js";
import { PoolSession } from "./session.js";

/** As for gRPC's connections: a listed instance is expected back, so it is dialled soon and often. Milliseconds. */
const REDIAL = { initialMs: 250, maxMs: 5_000 };

/** A connection that was lost sooner than this, in milliseconds, is dialled again after a wait, as if it had failed. */
const SHORT_LIVED_MS = 5_000;

/** What the connections of one pool share. */
export interface Shared<T> {
  readonly options: PoolSettings<T>;
  readonly limit: DialLimit;
  /** Sessions that are not closed yet. */
  readonly sessions: Set<PoolSession<T>>;
}

/** How one instance is connected to: by the user's `connect`, with a wait that grows from one failed attempt to the next. */
export class PoolTransport<T> implements Transport<ResolvedInstance, PoolSession<T>> {
  readonly #shared: Shared<T>;
  readonly #redial: Redial = { backoff: new Backoff(REDIAL), waitMs: 0 };

  constructor(shared: Shared<T>) {
    this.#shared = shared;
  }

  line(listed: ResolvedInstance, events: LineEvents<PoolSession<T>>): Line {
    return new PoolLine(listed, events, this.#shared, this.#redial);
  }
}

/** It belongs to the instance, not to a line: one that accepts connections and drops them is not dialled without pause. */
interface Redial {
  readonly backoff: Backoff;
  /** Before the next attempt. */
  waitMs: number;
}

class PoolLine<T> implements Line {
  readonly #listed: ResolvedInstance;
  readonly #events: LineEvents<PoolSession<T>>;
  readonly #shared: Shared<T>;
  readonly #redial: Redial;
  readonly #abort = new AbortController();
  #session: PoolSession<T> | undefined;

  constructor(listed: ResolvedInstance, events: LineEvents<PoolSession<T>>, shared: Shared<T>, redial: Redial) {
    this.#listed = listed;
    this.#events = events;
    this.#shared = shared;
    this.#redial = redial;
  }

  start(): void {
    void supervise(`connecting to ${this.#listed.instance.address}`, this.#abort.signal, () => this.#dial());
  }

  close(): void {
    this.#abort.abort();
    this.#session?.close();
  }

  async #dial(): Promise<void> {
    const { signal } = this.#abort;
    for (;;) {
      await sleep(this.#redial.waitMs, signal, { unref: true });
      if (signal.aborted) return;
      const leave = await this.#turn();
      try {
        if (await this.#attempt()) return;
      } finally {
        leave();
      }
      if (signal.aborted) return;
      this.#redial.waitMs = this.#redial.backoff.next();
    }
  }

  /** Waits for a place among those dialled at a time. Returns what gives it back. */
  async #turn(): Promise<() => void> {
    let leave = () => {};
    const turn = new Promise<void>((resolve) => {
      leave = this.#shared.limit.dial(resolve, this.#redial.backoff.attempts > 0);
      const release = onAbort(this.#abort.signal, resolve);
      void turn.then(release);
    });
    await turn;
    return leave;
  }

  /** One after the other, the addresses that the instance has. */
  async #attempt(): Promise<boolean> {
    const reasons: string[] = [];
    for (const address of this.#listed.addresses) {
      if (this.#abort.signal.aborted) return false;
      const reason = await this.#connect(address);
      if (reason === undefined) return true;
      reasons.push(`${formatAddress(address)}: ${reason}`);
    }
    if (!this.#abort.signal.aborted) this.#events.failed(reasons.join("; "));
    return false;
  }

  /** @returns why there is no connection; undefined when there is one. */
  async #connect(address: HostPort): Promise<string | undefined> {
    const { options } = this.#shared;
    const loss = new Loss();
    const attempt = new AbortController();
    const release = onAbort(this.#abort.signal, () => attempt.abort(this.#abort.signal.reason));
    const late = new Error(`nobody answered within ${options.connectMs} ms`);
    const stopTimer = afterRead(options.connectMs, () => attempt.abort(late)); // holds no process
    const context = { address, signal: attempt.signal, lost: (reason?: string) => loss.tell(reason) };
    const connecting = (async () => options.connect(this.#listed.instance, context))();
    try {
      const connection = await abortable(connecting, attempt.signal);
      const session = this.#keep(connection);
      if (loss.told || this.#abort.signal.aborted) {
        session.close();
        return loss.reason;
      }
      this.#up(session, loss);
      return undefined;
    } catch (error) {
      // One that comes about all the same, too late, is nobody's.
      connecting.then(
        (connection) => this.#keep(connection).close(),
        () => {},
      );
      return inWords(error);
    } finally {
      stopTimer();
      release();
    }
  }

  #keep(connection: T): PoolSession<T> {
    const { options, sessions } = this.#shared;
    const session = new PoolSession(connection, options, this.#events.activity);
    sessions.add(session);
    void session.closed.then(() => sessions.delete(session));
    return session;
  }

  #up(session: PoolSession<T>, loss: Loss): void {
    const since = performance.now();
    this.#session = session;
    this.#redial.waitMs = 0;
    this.#events.connected(session);
    loss.listen(() => {
      if (performance.now() - since < SHORT_LIVED_MS) this.#redial.waitMs = this.#redial.backoff.next();
      else this.#redial.backoff.reset();
      if (!this.#abort.signal.aborted) this.#events.lost();
    });
  }
}

/** `lost()` may be called at any time and often. */
class Loss {
  told = false;
  reason = "the connection was lost at once";
  #listener: (() => void) | undefined;

  tell(reason: string | undefined): void {
    if (this.told) return;
    this.told = true;
    if (reason !== undefined) this.reason = reason;
    this.#listener?.();
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const first = error instanceof AggregateError && message === "" ? (error.errors[0] as Error | undefined) : undefined;
  const said = message || first?.message || error.name;
  return cause instanceof Error && !said.includes(cause.message) ? `${said}: ${cause.message}` : said;
}
