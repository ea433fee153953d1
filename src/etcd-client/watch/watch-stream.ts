import { Backoff } from "../../async/backoff.js";
import { log } from "../../log.js";
import { type KeyValue, WatchCreateRequest, type WatchRequest, type WatchResponse } from "../../proto/etcd.js";
import { EtcdError } from "../errors.js";
import { WatchService } from "../methods.js";
import { Status } from "../rpc/status.js";
import type { Session, Stream } from "../session.js";
import { Fragments } from "./fragments.js";
import { RangeReader } from "./range-reader.js";
import { SILENT_AFTER_TICKS, StreamSilence } from "./stream-silence.js";
import type { WatchedRange } from "./watched-range.js";

/** A listing that takes longer, in milliseconds, is told of. */
const SLOW_MS = 10_000;
const SLOW_LISTING = `reading takes longer than ${SLOW_MS / 1_000} s: there is much to read, or the network is slow`;

/** One watch stream, from the listings that begin it to its end. */
export class WatchStream {
  /** Resolves with the reason of the end. Never rejects. */
  readonly ended: Promise<Error>;
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
  #silence: StreamSilence | undefined;
  #othersHeard = false;

  constructor(session: Session, onPut: (kv: KeyValue) => void) {
    this.#session = session;
    this.#onPut = onPut;
    this.#reader = new RangeReader(session);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Opens the stream; ranges known up to the proved revision or an earlier one go on, the others are listed. */
  start(proved: bigint, ranges: Iterable<WatchedRange>): void {
    if (this.#over.signal.aborted) return;
    const stream: Stream<WatchRequest> = this.#session.stream(WatchService.watch, {
      message: (response) => this.#receive(response),
      end: (reason) => this.end(reason),
    });
    this.#stream = stream;
    this.#silence = new StreamSilence(stream, this.#session, {
      ask: () => stream.write({ requestUnion: { $case: "progressRequest", value: {} } }),
      silent: (othersHeard) => this.#fellSilent(othersHeard),
    });
    for (const watched of ranges) {
      const { revision, seen, expected } = watched.view;
      // From the revision seen itself, whose events are skipped: some etcds lose a deletion at the revision to which they
      // were compacted, where a watch that begins there is still allowed (https://github.com/etcd-io/etcd/issues/18089).
      const goesOn = revision > 0n && revision <= proved && expected <= proved;
      if (goesOn) this.#create(watched, seen < proved ? seen : proved);
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
    return this.#silence?.seconds ?? 0;
  }

  /** The stream ended because it was silent, while others of the session were not: the session may be kept. */
  get othersHeard(): boolean {
    return this.#othersHeard;
  }

  end(reason: Error): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(reason);
    this.#silence?.stop();
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
        // From the revision listed itself, whose events are skipped: etcd leaves it unanswered when it is asked for a word
        // while a watch begins at a revision that is yet to come.
        this.#create(watched, revision);
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
    if (response.created) {
      this.#created(response);
      return;
    }
    const { watchId, events, canceled, fragment, header } = response;
    const isProgress = events.length === 0 && !canceled && !fragment;
    if (isProgress) this.#silence?.answered();
    const watched = this.#byId.get(watchId);
    if (!watched) return; // the answer to a progress request, or a watch we have cancelled
    if (canceled) this.#canceled(watched, response);
    // Only a watch's own notification is in step with its events: one on request (id -1) may overtake them
    // (https://github.com/etcd-io/etcd/issues/15220).
    else if (isProgress) watched.view.progress(header!.revision);
    else this.#happened(watched, response);
  }

  #created(response: WatchResponse): void {
    const watched = this.#creating.shift();
    if (!watched) return;
    const { watchId, canceled } = response;
    if (canceled) {
      this.#refused(watched, response);
      return;
    }
    this.#byId.set(watchId, watched);
    this.#idOf.set(watched, watchId);
    if (watched.closed) this.#cancel(watchId);
    else watched.trouble(undefined);
  }

  #canceled(watched: WatchedRange, response: WatchResponse): void {
    this.#forget(response.watchId);
    if (response.compactRevision > 0n) void this.#list(watched);
    else this.#refused(watched, response);
  }

  #happened(watched: WatchedRange, response: WatchResponse): void {
    const events = this.#fragments.join(response);
    if (!events) return;
    const change = watched.view.follow(events);
    change.put.forEach(this.#onPut);
    if (change.put.length > 0 || change.gone.length > 0) watched.changed(change);
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

  #fellSilent(othersHeard: boolean): void {
    this.#othersHeard = othersHeard;
    this.end(this.#failure(Status.UNAVAILABLE, `its watch stream has been silent for ${SILENT_AFTER_TICKS} s`));
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
