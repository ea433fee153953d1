import { Backoff, sleep } from "../async/backoff.js";
import { log } from "../log.js";
import type { KeyValue } from "../proto/etcd.js";
import { isTokenStale } from "./errors.js";
import type { KeyRange } from "./key-range.js";
import { type Change, RangeView } from "./range-view.js";
import type { Link, Links } from "./session.js";
import { WatchSession } from "./watch-stream.js";

/** Told what happens to a watched range. */
export interface RangeObserver {
  /** The range was listed (for the first time, or again with what differs) or events came; the view is up to date. */
  changed(change: Change, view: RangeView): void;
  /** Why there is no fresh answer, once per change of state; undefined when answers are fresh again. */
  trouble?(trouble: Error | undefined): void;
}

/** A range that somebody watches, over all the streams it takes. */
export class WatchedRange {
  readonly range: KeyRange;
  readonly view = new RangeView();
  closed = false;
  readonly #observer: RangeObserver;
  #trouble: Error | undefined;

  constructor(range: KeyRange, observer: RangeObserver) {
    this.range = range;
    this.#observer = observer;
  }

  changed(change: Change): void {
    if (!this.closed) this.#observer.changed(change, this.view);
  }

  /** @returns whether that is news. */
  trouble(trouble: Error | undefined): boolean {
    if (this.closed || trouble?.message === this.#trouble?.message) return false;
    this.#trouble = trouble;
    this.#observer.trouble?.(trouble);
    return true;
  }
}

/**
 * Watches any number of ranges over one stream, and goes on over another one when that is lost.
 *
 * After a drop a range is resumed where that is proved right, and listed again otherwise. The proof is one call: the newest
 * put seen so far is still what etcd has at that revision. Then all history up to it is the one we know, however etcd was
 * restored or wiped meanwhile, whatever its revision counter and its cluster id say; a range known up to that revision or an
 * earlier one may go on from there. (A lower revision than one seen, a compacted one and another cluster fail the proof.)
 */
export class Watcher {
  readonly #links: Links;
  readonly #ranges = new Set<WatchedRange>();
  readonly #closing = new AbortController();
  #session: WatchSession | undefined;
  #newestPut: KeyValue | undefined;
  #running = false;

  constructor(links: Links) {
    this.#links = links;
  }

  watch(range: KeyRange, observer: RangeObserver): { close(): void } {
    const watched = new WatchedRange(range, observer);
    this.#ranges.add(watched);
    this.#session?.add(watched);
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    return {
      close: () => {
        watched.closed = true;
        this.#ranges.delete(watched);
        this.#session?.remove(watched);
      },
    };
  }

  close(): void {
    this.#closing.abort();
    this.#session?.end(new Error("the watch was closed"));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted) {
      let link: Link;
      try {
        link = await this.#links.link();
      } catch (error) {
        for (const watched of this.#ranges) watched.trouble(error as Error);
        continue; // the next link() waits for another attempt
      }
      const since = performance.now();
      const reason = await this.#watchOver(link);
      if (signal.aborted) return;
      log.debug({ host: link.host }, `the watch stream ended: ${reason.message}`);
      if (performance.now() - since > 5_000) backoff.reset();
      await sleep(backoff.next(), signal);
    }
  }

  /** Resolves with the reason why the stream ended. A reason that is not the token's ends the link as well. */
  async #watchOver(link: Link): Promise<Error> {
    const session = new WatchSession(link, (kv) => this.#notePut(kv));
    this.#session = session;
    try {
      const proved = await session.proveHistory(this.#newestPut);
      if (proved === 0n) {
        this.#newestPut = undefined;
        for (const { view } of this.#ranges) view.distrust();
      }
      session.start(proved, this.#ranges);
      const reason = await session.ended;
      if (!isTokenStale(reason)) link.drop(reason);
      else await link.renewToken();
      return reason;
    } catch (error) {
      link.drop(error as Error);
      return error as Error;
    } finally {
      this.#session = undefined;
    }
  }

  #notePut(kv: KeyValue): void {
    if (!this.#newestPut || kv.modRevision > this.#newestPut.modRevision) this.#newestPut = kv;
  }
}
