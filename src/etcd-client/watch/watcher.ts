import { Backoff } from "../../async/backoff.js";
import { detached } from "../../async/detached.js";
import { supervise } from "../../async/supervise.js";
import { log } from "../../log.js";
import type { KeyValue } from "../../proto/etcd.js";
import { isTokenStale } from "../errors.js";
import type { KeyRange } from "../key-range.js";
import type { Session, Sessions } from "../session.js";
import { provenRevision } from "./proven-history.js";
import type { RangeView } from "./range-view.js";
import { WatchStream } from "./watch-stream.js";
import { type RangeObserver, WatchedRange } from "./watched-range.js";

/**
 * Watches any number of ranges over one stream, and goes on over another one when that is lost.
 *
 * After a drop a range is resumed where that is proved right, and listed again otherwise. The proof is one call: the newest
 * put under a lease seen so far is still what etcd has at that revision. Then all history up to it is the one we know, however etcd was
 * restored or wiped meanwhile, whatever its revision counter and its cluster id say; a range known up to that revision or an
 * earlier one may go on from there. (A lower revision than one seen, a compacted one and another cluster fail the proof.)
 */
export class Watcher {
  readonly #sessions: Sessions;
  readonly #ranges = new Set<WatchedRange>();
  readonly #closing = new AbortController();
  /** The session in use, until it has ended. */
  #session: Session | undefined;
  #stream: WatchStream | undefined;
  #newestPut: KeyValue | undefined;
  #running = false;
  /** The last session was kept although the stream over it fell silent. */
  #spared = false;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** @returns what is known of the range, from now on, and how to end it. */
  watch(range: KeyRange, observer: RangeObserver): { readonly view: RangeView; close(): void } {
    const watched = new WatchedRange(range, observer);
    this.#ranges.add(watched);
    // Whoever watches has a context of his own; what goes on in the background has none.
    detached(() => this.#stream?.add(watched));
    if (!this.#running) {
      this.#running = true;
      void supervise("the watch of etcd", this.#closing.signal, () => this.#run());
    }
    return {
      view: watched.view,
      close: () => {
        watched.closed = true;
        this.#ranges.delete(watched);
        this.#stream?.remove(watched);
      },
    };
  }

  /** How long nothing has been heard of what is watched, in seconds; undefined while no watch stands. */
  get silentSeconds(): number | undefined {
    return this.#stream?.silentSeconds;
  }

  close(): void {
    this.#closing.abort();
    this.#stream?.end(new Error("the watch was closed"));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted) {
      let session: Session;
      try {
        session = await this.#sessions.session();
      } catch (error) {
        for (const watched of this.#ranges) watched.trouble(error as Error);
        continue; // the next session() waits for another attempt
      }
      this.#endWith(session);
      const since = performance.now();
      const reason = await this.#watchOver(session);
      if (signal.aborted) return;
      log.debug({ host: session.host }, `the watch stream ended: ${reason.message}`);
      if (performance.now() - since > 5_000) backoff.reset();
      await backoff.wait(signal);
    }
  }

  /**
   * A stream ends with its session. Where etcd only asked the client to go away it would live on, on a connection over which no range
   * can be added and which is pinged no more. Followed once for all streams of a session, which outlives many.
   */
  #endWith(session: Session): void {
    if (this.#session === session) return;
    this.#session = session;
    void session.ended.then((reason) => {
      if (this.#session !== session) return;
      this.#session = undefined;
      this.#stream?.end(reason);
    });
  }

  /** Resolves with the reason why the stream ended. One that casts doubt on the session ends that as well. */
  async #watchOver(session: Session): Promise<Error> {
    const stream = new WatchStream(session, (kv) => this.#notePut(kv));
    this.#stream = stream;
    try {
      const proved = await provenRevision(session, this.#newestPut);
      if (proved === 0n) {
        this.#newestPut = undefined;
        for (const { view } of this.#ranges) view.distrust();
      }
      stream.start(proved, this.#ranges);
      const reason = await stream.ended;
      const spare = stream.othersHeard && !this.#spared;
      this.#spared = spare; // a second time in a row another host is tried
      if (isTokenStale(reason)) await session.renewToken();
      else if (!spare) this.#drop(session, reason);
      return reason;
    } catch (error) {
      this.#drop(session, error as Error);
      return error as Error;
    } finally {
      stream.end(new Error("the watch goes on over another stream"));
      this.#stream = undefined;
    }
  }

  /** One that has ended is left alone: calls that are under way there may still be answered. */
  #drop(session: Session, reason: Error): void {
    if (this.#session === session) session.drop(reason);
  }

  /** Only puts with a lease prove anything: one without may have been repeated, under the same number, in another history. */
  #notePut(kv: KeyValue): void {
    if (kv.lease === 0n) return;
    if (!this.#newestPut || kv.modRevision > this.#newestPut.modRevision) this.#newestPut = kv;
  }
}
