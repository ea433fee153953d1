import { setMaxListeners } from "node:events";
import { type ClientDuplexStream, type ServiceError, status } from "@grpc/grpc-js";
import { Backoff, sleep } from "../async/backoff.js";
import { log } from "../log.js";
import {
  type Event,
  type KeyValue,
  KVService,
  RangeRequest,
  WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
  WatchService,
} from "../proto/etcd.js";
import { EtcdError, isDenied, isOtherHistory } from "./errors.js";
import { RangeReader } from "./range-reader.js";
import { isSamePut } from "./range-view.js";
import type { Link } from "./session.js";
import type { WatchedRange } from "./watcher.js";

/** Seconds of silence after which etcd is asked for a sign of life, each time again, and after which it is given up. */
const ASK_AFTER_TICKS = 4;
const SILENT_AFTER_TICKS = 11;

/** One watch stream, from the listings that begin it to its end. */
export class WatchSession {
  /** Resolves with the reason of the end. Never rejects. */
  readonly ended: Promise<Error>;
  readonly #link: Link;
  readonly #onPut: (kv: KeyValue) => void;
  readonly #over = new AbortController();
  readonly #reader: RangeReader;
  readonly #byId = new Map<bigint, WatchedRange>();
  readonly #idOf = new Map<WatchedRange, bigint>();
  /** etcd answers create requests in their order. */
  readonly #creating: WatchedRange[] = [];
  readonly #fragments = new Map<bigint, Event[]>();
  #end!: (reason: Error) => void;
  #stream: ClientDuplexStream<WatchRequest, WatchResponse> | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #silentTicks = 0;
  #answersProgress = false;

  constructor(link: Link, onPut: (kv: KeyValue) => void) {
    this.#link = link;
    this.#onPut = onPut;
    this.#reader = new RangeReader(link);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    setMaxListeners(0, this.#over.signal); // one for each listing that waits for its next attempt
    void link.ended.then((reason) => this.end(reason));
  }

  /**
   * The revision up to which etcd's history is the one known, shown by the newest put seen; 0 when that is not shown.
   * Reading at that put's revision fails when it was compacted or is yet to come; no other put has its revision and lease.
   */
  async proveHistory(newestPut: KeyValue | undefined): Promise<bigint> {
    if (!newestPut) return 0n;
    const { key, modRevision } = newestPut;
    try {
      const { kvs } = await this.#link.call(KVService.range, RangeRequest.fromPartial({ key, revision: modRevision }));
      const [found] = kvs;
      const same = found !== undefined && isSamePut(found, newestPut);
      if (!same) log.warn({ host: this.#link.host }, "etcd's history is another one than before: listing again");
      return same ? modRevision : 0n;
    } catch (error) {
      if (isOtherHistory(error) || isDenied(error)) return 0n;
      throw error;
    }
  }

  /** Opens the stream; ranges known up to the proved revision or an earlier one go on, the others are listed. */
  start(proved: bigint, ranges: Iterable<WatchedRange>): void {
    if (this.#over.signal.aborted) return;
    this.#stream = this.#link.stream(WatchService.watch);
    this.#stream.on("data", (response: WatchResponse) => this.#receive(response));
    this.#stream.on("error", (error: ServiceError) => this.end(this.#failure(error.code, error.details)));
    this.#stream.on("end", () => this.end(this.#failure(status.UNAVAILABLE, "it ended the watch stream")));
    this.#ticker = setInterval(() => this.#tick(), 1_000);
    for (const watched of ranges) {
      const { revision, seen } = watched.view;
      // From the revision seen itself, whose events are skipped: some etcds lose a deletion at the revision to which they
      // were compacted, where a watch that begins there is still allowed (https://github.com/etcd-io/etcd/issues/18089).
      if (revision > 0n && revision <= proved) this.#create(watched, seen < proved ? seen : proved);
      else void this.#list(watched);
    }
  }

  /** A range that is new, while the stream runs. */
  add(watched: WatchedRange): void {
    if (this.#stream) void this.#list(watched);
  }

  remove(watched: WatchedRange): void {
    const id = this.#idOf.get(watched);
    if (id !== undefined) this.#cancel(id);
  }

  end(reason: Error): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(reason);
    clearInterval(this.#ticker);
    this.#stream?.cancel();
    this.#end(reason);
  }

  async #list(watched: WatchedRange): Promise<void> {
    const { signal } = this.#over;
    const backoff = new Backoff({ initialMs: 500, maxMs: 10_000 });
    while (!watched.closed && !signal.aborted) {
      try {
        const { revision, kvs } = await this.#reader.read(watched.range);
        if (watched.closed || signal.aborted) return;
        const change = watched.view.list(revision, kvs);
        change.put.forEach(this.#onPut);
        watched.changed(change);
        watched.trouble(undefined);
        this.#create(watched, revision + 1n);
        return;
      } catch (error) {
        // Perhaps the connection is just ending: then that is told, and the next one lists again.
        const passing = error instanceof EtcdError && error.code === status.UNAVAILABLE;
        if (!passing) this.#report(watched, error as Error);
        await sleep(backoff.next(), signal);
        if (passing) this.#report(watched, error as Error);
      }
    }
  }

  #create(watched: WatchedRange, startRevision: bigint): void {
    this.#creating.push(watched);
    const value = WatchCreateRequest.fromPartial({
      ...watched.range,
      startRevision,
      progressNotify: true,
      fragment: true,
    });
    this.#stream!.write({ requestUnion: { $case: "createRequest", value } });
  }

  #cancel(watchId: bigint): void {
    this.#forget(watchId);
    this.#stream!.write({ requestUnion: { $case: "cancelRequest", value: { watchId } } });
  }

  #forget(watchId: bigint): void {
    const watched = this.#byId.get(watchId);
    if (watched) this.#idOf.delete(watched);
    this.#byId.delete(watchId);
    this.#fragments.delete(watchId);
  }

  #receive(response: WatchResponse): void {
    this.#silentTicks = 0;
    const { watchId } = response;
    if (response.created) {
      const watched = this.#creating.shift();
      if (!watched) return;
      if (response.canceled) this.#refused(watched, response);
      else {
        this.#byId.set(watchId, watched);
        this.#idOf.set(watched, watchId);
        if (watched.closed) this.#cancel(watchId);
        else watched.trouble(undefined);
      }
      return;
    }
    const isProgress = response.events.length === 0 && !response.canceled && !response.fragment;
    if (isProgress) this.#answersProgress = true;
    const watched = this.#byId.get(watchId);
    if (!watched) return; // the answer to a progress request, or a watch we have cancelled
    if (response.canceled) {
      this.#forget(watchId);
      if (response.compactRevision > 0n) void this.#list(watched);
      else this.#refused(watched, response);
      return;
    }
    const events = this.#assemble(response);
    // Only a watch's own notification is in step with its events: one on request (id -1) may overtake them
    // (https://github.com/etcd-io/etcd/issues/15220).
    if (isProgress) watched.view.progress(response.header!.revision);
    else if (events) {
      const change = watched.view.follow(events);
      change.put.forEach(this.#onPut);
      if (change.put.length > 0 || change.gone.length > 0) watched.changed(change);
    }
  }

  /** The events of a response, joined to those of its earlier fragments; undefined while more are to come. */
  #assemble({ watchId, events, fragment }: WatchResponse): Event[] | undefined {
    const held = this.#fragments.get(watchId);
    if (!held && !fragment) return events;
    const all = held ?? [];
    for (const event of events) all.push(event);
    if (fragment) this.#fragments.set(watchId, all);
    else this.#fragments.delete(watchId);
    return fragment ? undefined : all;
  }

  /**
   * etcd lets a range be read but not be watched: that is a stream whose token has expired, which up to 3.5 is reported as
   * a denied permission (https://github.com/etcd-io/etcd/issues/12385). Another stream has a new token.
   */
  #refused(watched: WatchedRange, { cancelReason }: WatchResponse): void {
    watched.view.distrust();
    const details = cancelReason || "it cancelled a watch without a reason";
    const stale = /permission denied|invalid auth token/.test(details);
    this.end(
      this.#failure(
        stale ? status.UNAUTHENTICATED : status.UNAVAILABLE,
        stale ? `invalid auth token (${details})` : details,
      ),
    );
  }

  /** Ticks are counted, not the clock read: a clock that jumps or an event loop that stalls is no silence of etcd's. */
  #tick(): void {
    this.#silentTicks += 1;
    if (this.#silentTicks >= SILENT_AFTER_TICKS && this.#answersProgress) {
      this.end(this.#failure(status.UNAVAILABLE, `its watch stream has been silent for ${this.#silentTicks} s`));
    } else if (this.#silentTicks % ASK_AFTER_TICKS === 0) {
      this.#stream!.write({ requestUnion: { $case: "progressRequest", value: {} } });
    }
  }

  #report(watched: WatchedRange, error: Error): void {
    if (this.#over.signal.aborted || !watched.trouble(error)) return;
    const key = watched.range.key.toString();
    log.warn({ key }, `cannot read ${key} in etcd: ${error.message}; trying on`);
  }

  #failure(code: status, details: string): EtcdError {
    return new EtcdError(this.#link.host, code, details);
  }
}
