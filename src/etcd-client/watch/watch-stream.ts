import { Backoff } from "../../async/backoff.js";
import { log } from "../../log.js";
import {
  type KeyValue,
  RangeRequest,
  WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
} from "../../proto/etcd.js";
import { EtcdError, isDenied, isOtherHistory } from "../errors.js";
import { KVService, WatchService } from "../methods.js";
import { Status } from "../rpc/status.js";
import type { Session, Stream } from "../session.js";
import { Fragments } from "./fragments.js";
import { RangeReader } from "./range-reader.js";
import { isSamePut } from "./range-view.js";
import type { WatchedRange } from "./watched-range.js";

/** Seconds of silence after which etcd is asked for a sign of life, each time again, and after which it is given up. */
const ASK_AFTER_TICKS = 4;
const SILENT_AFTER_TICKS = 11;

/** A listing that takes longer, in milliseconds, is told of. */
const SLOW_MS = 10_000;
const SLOW_LISTING = `reading takes longer than ${SLOW_MS / 1_000} s: there is much to read, or the network is slow`;

/** One watch stream, from the listings that begin it to its end. */
export class WatchStream {
  /** Resolves with the reason of the end. Never rejects. */
  readonly ended: Promise<Error>;
  /** The stream ended because it was silent, while others of the session were not: the session may be kept. */
  othersHeard = false;
  readonly #session: Session;
  readonly #onPut: (kv: KeyValue) => void;
  readonly #over = new AbortController();
  readonly #reader: RangeReader;
  readonly #byId = new Map<bigint, WatchedRange>();
  readonly #idOf = new Map<WatchedRange, bigint>();
  /** etcd answers create requests in their order. */
  readonly #creating: WatchedRange[] = [];
  readonly #fragments = new Fragments();
  #end!: (reason: Error) => void;
  #stream: Stream<WatchRequest> | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #silentTicks = 0;
  #heardBytes = 0;
  /** What the session had heard when the stream was last heard. */
  #heardBefore = 0;
  #answersProgress = false;

  constructor(session: Session, onPut: (kv: KeyValue) => void) {
    this.#session = session;
    this.#onPut = onPut;
    this.#reader = new RangeReader(session);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /**
   * The revision up to which etcd's history is the one known, shown by the newest put seen; 0 when that is not shown.
   * Reading at that put's revision fails when it was compacted or is yet to come; no other put has its revision and lease.
   */
  async proveHistory(newestPut: KeyValue | undefined): Promise<bigint> {
    if (!newestPut) return 0n;
    const { key, modRevision } = newestPut;
    try {
      const { kvs } = await this.#session.call(
        KVService.range,
        RangeRequest.fromPartial({ key, revision: modRevision }),
      );
      const [found] = kvs;
      const same = found !== undefined && isSamePut(found, newestPut);
      if (!same) log.warn({ host: this.#session.host }, "etcd's history is another one than before: listing again");
      return same ? modRevision : 0n;
    } catch (error) {
      if (isOtherHistory(error) || isDenied(error)) return 0n;
      throw error;
    }
  }

  /** Opens the stream; ranges known up to the proved revision or an earlier one go on, the others are listed. */
  start(proved: bigint, ranges: Iterable<WatchedRange>): void {
    if (this.#over.signal.aborted) return;
    this.#stream = this.#session.stream(WatchService.watch, {
      message: (response) => this.#receive(response),
      end: (reason) => this.end(reason),
    });
    this.#ticker = setInterval(() => this.#tick(), 1_000);
    this.#ticker.unref?.();
    for (const watched of ranges) {
      const { revision, seen, expected } = watched.view;
      // From the revision seen itself, whose events are skipped: some etcds lose a deletion at the revision to which they
      // were compacted, where a watch that begins there is still allowed (https://github.com/etcd-io/etcd/issues/18089).
      if (revision > 0n && revision <= proved && expected <= proved)
        this.#create(watched, seen < proved ? seen : proved);
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

  /** How long nothing has been heard on the stream. etcd is asked for a word every few seconds, so more is lag. */
  get silentSeconds(): number {
    return this.#silentTicks;
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
      const slow = setTimeout(() => this.#report(watched, this.#failure(Status.UNAVAILABLE, SLOW_LISTING)), SLOW_MS);
      slow.unref?.();
      try {
        const listing = watched.view.begin();
        const { revision, kvs } = await this.#reader.read(watched.range).finally(() => clearTimeout(slow));
        if (watched.closed || signal.aborted) return;
        const change = watched.view.list(revision, kvs, listing);
        change.put.forEach(this.#onPut);
        watched.changed(change);
        watched.trouble(undefined);
        this.#create(watched, revision + 1n);
        return;
      } catch (error) {
        // Perhaps the connection is just ending: then that is told, and the next one lists again.
        const passing = error instanceof EtcdError && error.code === Status.UNAVAILABLE;
        if (!passing) this.#report(watched, error as Error);
        await backoff.wait(signal);
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
    this.#fragments.forget(watchId);
  }

  #receive(response: WatchResponse): void {
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
    const events = this.#fragments.join(response);
    // Only a watch's own notification is in step with its events: one on request (id -1) may overtake them
    // (https://github.com/etcd-io/etcd/issues/15220).
    if (isProgress) watched.view.progress(response.header!.revision);
    else if (events) {
      const change = watched.view.follow(events);
      change.put.forEach(this.#onPut);
      if (change.put.length > 0 || change.gone.length > 0) watched.changed(change);
    }
  }

  /**
   * etcd lets a range be read but not be watched: that is a stream whose token has expired, which up to 3.5 is reported as
   * a denied permission (https://github.com/etcd-io/etcd/issues/12385). Another stream has a new token.
   */
  #refused(watched: WatchedRange, { cancelReason }: WatchResponse): void {
    watched.view.distrust();
    const details = cancelReason || "it cancelled a watch without a reason";
    const stale = /permission denied|invalid auth token/.test(details);
    const failure = stale
      ? this.#failure(Status.UNAUTHENTICATED, `invalid auth token (${details})`)
      : this.#failure(Status.UNAVAILABLE, details);
    this.end(failure);
  }

  /** Ticks are counted, not the clock read: a clock that jumps or an event loop that stalls is no silence of etcd's. */
  #tick(): void {
    const { heardBytes } = this.#stream!;
    if (heardBytes !== this.#heardBytes) {
      this.#heardBytes = heardBytes;
      this.#heardBefore = this.#session.heard;
      this.#silentTicks = 0;
    }
    this.#silentTicks += 1;
    if (this.#silentTicks >= SILENT_AFTER_TICKS && this.#answersProgress) {
      this.othersHeard = this.#session.heard !== this.#heardBefore;
      this.end(this.#failure(Status.UNAVAILABLE, `its watch stream has been silent for ${SILENT_AFTER_TICKS} s`));
    } else if (this.#silentTicks % ASK_AFTER_TICKS === 0) {
      this.#stream!.write({ requestUnion: { $case: "progressRequest", value: {} } });
    }
  }

  #report(watched: WatchedRange, error: Error): void {
    if (this.#over.signal.aborted || !watched.trouble(error)) return;
    const key = watched.range.key.toString();
    log.warn({ key }, `cannot read ${key} in etcd: ${error.message}; retrying`);
  }

  #failure(code: number, details: string): EtcdError {
    return new EtcdError(this.#session.host, code, details);
  }
}
