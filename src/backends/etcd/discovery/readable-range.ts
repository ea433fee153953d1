import { Backoff } from "../../../async/backoff.js";
import { isDenied } from "../../../etcd-client/errors.js";
import type { KeyRange } from "../../../etcd-client/key-range.js";
import type { Change } from "../../../etcd-client/watch/range-view.js";
import type { Watcher } from "../../../etcd-client/watch/watcher.js";
import { log } from "../../../log.js";
import { instanceKey, instancesRange, serviceRange } from "../layout/keys.js";

export interface ReadableRangeObserver {
  /** Another range is watched. @returns what is told its changes; the first are its listing, which takes the place of all before. */
  follow(): (change: Change) => void;
  /** Why there is no fresh answer, once per change of reason; undefined when answers are fresh again. */
  trouble?: ((trouble: Error | undefined) => void) | undefined;
}

interface Watched {
  close(): void;
}

/**
 * Watches as much of a service as the role may read: its instances with their attributes or, while those are denied, the instances
 * alone. A denial may pass, be it that users and roles are being changed or that more is granted later: all is asked for again, soon
 * where the instances are denied as well, and ever more seldom where they are read.
 */
export class ReadableRange {
  readonly #watcher: Watcher;
  readonly #service: string;
  readonly #path: string;
  readonly #observer: ReadableRangeObserver;
  /** Undefined while it is denied. */
  #all: Watched | undefined;
  /** While all is denied, and they are not. */
  #instances: Watched | undefined;
  readonly #soon = new Backoff({ initialMs: 500, maxMs: 10_000 });
  readonly #seldom = new Backoff({ initialMs: 500, maxMs: 60_000 });
  #asking: NodeJS.Timeout | undefined;
  /** It was told that the instances alone are read. */
  #isLimited = false;
  #trouble: Error | undefined;

  /** @param path where the service's instances stand. */
  constructor(watcher: Watcher, service: string, path: string, observer: ReadableRangeObserver) {
    this.#watcher = watcher;
    this.#service = service;
    this.#path = path;
    this.#observer = observer;
    this.#all = this.#watchAll();
  }

  close(): void {
    clearTimeout(this.#asking);
    this.#all?.close();
    this.#instances?.close();
  }

  #watchAll(): Watched {
    return this.#watch(serviceRange(this.#path), {
      listed: () => this.#readsAll(),
      denied: () => this.#allDenied(),
      trouble: (trouble) => {
        if (!this.#instances) this.#tell(trouble);
      },
    });
  }

  #watchInstances(): Watched {
    return this.#watch(instancesRange(this.#path), {
      listed: () => this.#readsInstances(),
      denied: (trouble) => this.#instancesDenied(trouble),
      trouble: (trouble) => this.#tell(trouble),
    });
  }

  /** @param told `listed` once. */
  #watch(
    range: KeyRange,
    told: { listed(): void; denied(trouble: Error): void; trouble(trouble: Error | undefined): void },
  ): Watched {
    const follow = this.#observer.follow();
    let isListed = false;
    return this.#watcher.watch(range, {
      changed: (change) => {
        if (!isListed) told.listed();
        isListed = true;
        this.#tell(undefined);
        follow(change);
      },
      trouble: (trouble) => {
        if (trouble && isDenied(trouble)) told.denied(trouble);
        else told.trouble(trouble);
      },
    });
  }

  #readsAll(): void {
    clearTimeout(this.#asking);
    this.#instances?.close();
    this.#instances = undefined;
    this.#soon.reset();
    this.#seldom.reset();
    if (!this.#isLimited) return;
    this.#isLimited = false;
    log.info({ service: this.#service }, "the role covers weights, zones and metadata again");
  }

  #allDenied(): void {
    this.#all?.close();
    this.#all = undefined;
    if (this.#instances) this.#askAgain(this.#seldom);
    else this.#instances = this.#watchInstances();
  }

  #readsInstances(): void {
    this.#soon.reset();
    this.#askAgain(this.#seldom);
    if (this.#isLimited) return;
    this.#isLimited = true;
    const message = "the role covers the instances alone: their weights, zones and metadata are not read";
    log.info({ service: this.#service }, message);
  }

  /** Asked for again only after all: what is granted again is to be seen whole. */
  #instancesDenied(trouble: Error): void {
    this.#instances?.close();
    this.#instances = undefined;
    this.#askAgain(this.#soon);
    const key = instanceKey(this.#path, "");
    if (this.#tell(trouble)) log.warn({ key }, `cannot read ${key} in etcd: ${trouble.message}; retrying`);
  }

  #askAgain(backoff: Backoff): void {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => {
      this.#all ??= this.#watchAll();
    }, backoff.next()).unref();
  }

  /** @returns whether that is news. */
  #tell(trouble: Error | undefined): boolean {
    if (trouble?.message === this.#trouble?.message) return false;
    this.#trouble = trouble;
    this.#observer.trouble?.(trouble);
    return true;
  }
}
