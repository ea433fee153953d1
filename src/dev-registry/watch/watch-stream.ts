import {
  type Event,
  Event_EventType as EventType,
  WatchCreateRequest_FilterType as FilterType,
  type WatchCreateRequest,
  type WatchResponse,
} from "../../proto/etcd.js";
import type { Identity } from "../identity.js";
import { contains, type KeyRange, toKey, toRange } from "../key-range.js";
import type { Store } from "../store.js";

/** etcd's own limit of revisions in one answer, when a watch has to catch up. */
const MAX_REVISIONS_PER_RESPONSE = 1000;
/** A watch that asked for fragments gets answers cut at this many bytes, etcd's default of --max-request-bytes. */
const MAX_FRAGMENT_BYTES = 1.5 * 1024 * 1024;
/** Stands for "no watch" and, in progress answers, for "all watches". */
const NO_WATCH = -1n;
/** In a request: an id of the server's choice. As in etcd, the first one chosen is this number too. */
const ANY_ID = 0n;

interface Watcher {
  readonly id: bigint;
  readonly range: KeyRange;
  readonly hidden: ReadonlySet<EventType>;
  readonly prevKv: boolean;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
  /** The first revision that has not been looked at yet. */
  next: bigint;
  /** Whether nothing was sent since the last progress notification was due. */
  quiet: boolean;
  /** It asked for revisions that are gone: it gets nothing more, but, as in etcd, holds its id until cancelled. */
  compacted: boolean;
}

/** The watches of one client stream. */
export class WatchStream {
  readonly #store: Store;
  readonly #identity: Identity;
  readonly #send: (response: WatchResponse) => boolean;
  readonly #watchers = new Map<bigint, Watcher>();
  #nextId = 0n;
  #flowing = true;

  /** @param send false: no events may follow until resume() is called, because the client reads too slowly. */
  constructor(store: Store, identity: Identity, send: (response: WatchResponse) => boolean) {
    this.#store = store;
    this.#identity = identity;
    this.#send = send;
  }

  create(request: WatchCreateRequest): void {
    const key = request.key.length > 0 ? request.key : Buffer.from([0]);
    const range = toRange(key, request.rangeEnd);
    if (range.to !== undefined && range.from >= range.to) {
      this.refuse("mvcc: watcher range is empty");
    } else if (request.watchId !== ANY_ID && this.#watchers.has(request.watchId)) {
      this.refuse("mvcc: duplicate watch ID provided on the WatchStream");
    } else {
      this.#add(range, request);
    }
  }

  /** Answers a request for a watch with a reason why there is none. */
  refuse(cancelReason: string): void {
    this.#answer({ watchId: NO_WATCH, created: true, canceled: true, cancelReason });
  }

  /** An unknown id is passed over in silence, as etcd does. */
  cancel(watchId: bigint): void {
    if (this.#watchers.delete(watchId)) this.#answer({ watchId, canceled: true });
  }

  /** One answer on behalf of all watches; none unless all of them are up to date. */
  answerProgress(): void {
    if (this.#watchers.size > 0 && [...this.#watchers.values()].every((watcher) => this.#isSynced(watcher))) {
      this.#answer({ watchId: NO_WATCH });
    }
  }

  /** To be called at an interval: tells the watches that asked for it, and were told nothing since, how far they are. */
  notifyProgress(): void {
    for (const watcher of this.#watchers.values()) {
      if (!watcher.progressNotify) continue;
      if (watcher.quiet && this.#isSynced(watcher)) this.#answer({ watchId: watcher.id });
      watcher.quiet = true;
    }
  }

  /** Sends what has happened since; to be called after each commit. */
  advance(): void {
    for (const watcher of this.#watchers.values()) this.#catchUp(watcher);
  }

  /** Holds events back; nothing is lost, unless it is compacted meanwhile. */
  pause(): void {
    this.#flowing = false;
  }

  resume(): void {
    this.#flowing = true;
    this.advance();
  }

  #add(range: KeyRange, request: WatchCreateRequest): void {
    const watcher: Watcher = {
      id: request.watchId === ANY_ID ? this.#freeId() : request.watchId,
      range,
      hidden: new Set(request.filters.map((filter) => HIDDEN[filter])),
      prevKv: request.prevKv,
      progressNotify: request.progressNotify,
      fragment: request.fragment,
      next: request.startRevision === 0n ? this.#store.revision + 1n : request.startRevision,
      quiet: true,
      compacted: false,
    };
    this.#watchers.set(watcher.id, watcher);
    this.#answer({ watchId: watcher.id, created: true });
    this.#catchUp(watcher);
  }

  #freeId(): bigint {
    while (this.#watchers.has(this.#nextId)) this.#nextId += 1n;
    return this.#nextId++;
  }

  #isSynced(watcher: Watcher): boolean {
    return !watcher.compacted && watcher.next > this.#store.revision;
  }

  #catchUp(watcher: Watcher): void {
    while (this.#flowing && !watcher.compacted && watcher.next <= this.#store.revision) {
      if (watcher.next < this.#store.compactRevision) {
        watcher.compacted = true;
        const compactRevision = this.#store.compactRevision;
        // The header of this one answer has no revision, in etcd too: clients must not take it for a step back.
        this.#answer({ watchId: watcher.id, canceled: true, compactRevision }, 0n);
      } else {
        this.#sendNext(watcher);
      }
    }
  }

  /** Sends one batch; all events of one revision are always in one batch. */
  #sendNext(watcher: Watcher): void {
    const events: Event[] = [];
    let revisions = 0;
    let next = this.#store.revision + 1n;
    for (const commit of this.#store.history(watcher.next)) {
      if (revisions === MAX_REVISIONS_PER_RESPONSE) {
        next = commit.revision;
        break;
      }
      const seen = commit.events.filter(({ type, kv }) => isSeen(watcher, type, toKey(kv!.key)));
      if (seen.length > 0) revisions += 1;
      for (const event of seen) events.push(this.#forWatcher(event, watcher));
    }
    watcher.next = next;
    if (events.length === 0) return;
    watcher.quiet = false;
    for (const part of watcher.fragment ? fragments(events) : [{ events }]) {
      this.#answer({ watchId: watcher.id, ...part });
    }
  }

  /** The previous version is given to who asked for it, unless a compaction has taken it. */
  #forWatcher(event: Event, watcher: Watcher): Event {
    const given = watcher.prevKv && event.kv!.modRevision > this.#store.compactRevision;
    return given ? event : { ...event, prevKv: undefined };
  }

  #answer(answer: Partial<WatchResponse>, revision = this.#store.revision): void {
    const header = this.#identity.header(revision);
    if (!this.#send({ ...EMPTY, header, ...answer })) this.pause();
  }
}

const EMPTY: WatchResponse = {
  header: undefined,
  watchId: 0n,
  created: false,
  canceled: false,
  compactRevision: 0n,
  cancelReason: "",
  fragment: false,
  events: [],
};

const HIDDEN: Record<FilterType, EventType> = {
  [FilterType.NOPUT]: EventType.PUT,
  [FilterType.NODELETE]: EventType.DELETE,
};

function isSeen(watcher: Watcher, type: EventType, key: string): boolean {
  return contains(watcher.range, key) && !watcher.hidden.has(type);
}

/** Cuts where an answer would exceed the limit, but never sends one without an event. */
function* fragments(events: readonly Event[]): Generator<{ events: Event[]; fragment: boolean }> {
  let part: Event[] = [];
  let bytes = 0;
  for (const event of events) {
    const size =
      (event.kv?.value.length ?? 0) + (event.prevKv?.value.length ?? 0) + 2 * (event.kv?.key.length ?? 0) + 64;
    if (part.length > 0 && bytes + size >= MAX_FRAGMENT_BYTES) {
      yield { events: part, fragment: true };
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += size;
  }
  yield { events: part, fragment: false };
}
