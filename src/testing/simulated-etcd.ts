import assert from "node:assert/strict";
import { EtcdError } from "../etcd-client/errors.js";
import { Status } from "../etcd-client/rpc/status.js";
import type { Session, Stream, StreamHandlers } from "../etcd-client/session.js";
import {
  Event,
  Event_EventType,
  KeyValue,
  type RangeRequest,
  RangeResponse,
  type TxnRequest,
  TxnResponse,
  type WatchCreateRequest,
  type WatchRequest,
  WatchResponse,
} from "../proto/etcd.js";

const HOST = "simulated:2379";

/**
 * What etcd promises of revisions, watches, compaction and restored backups, without sockets or time: nothing arrives until
 * a test says so, so that any order of things can be tried.
 */
export class SimulatedEtcd {
  #history: { event: Event; revision: bigint }[] = [];
  #revision = 1n;
  #compacted = 0n;
  #lease = 1n;
  #waiting: ((session: Session) => void)[] = [];
  #current: SimulatedSession | undefined;

  /** Puts keys at one revision. Every put has a lease of its own, as no two are alike in a real etcd either. */
  put(...keys: string[]): void {
    this.#commit(keys.map((key) => [Event_EventType.PUT, key]));
  }

  /** Deletes those of the keys that exist at one revision, as a lease does that runs out. */
  delete(...keys: string[]): void {
    const existing = new Set(this.list("", "\xff").map(({ key }) => key.toString()));
    const present = keys.filter((key) => existing.has(key));
    if (present.length > 0) this.#commit(present.map((key) => [Event_EventType.DELETE, key]));
  }

  compact(keep: number): void {
    const to = this.#revision - BigInt(keep);
    if (to > this.#compacted) this.#compacted = to;
  }

  /** Restores a backup taken some revisions ago; what happens from then on is another history under the same numbers. */
  rollBack(revisions: number): void {
    this.disconnect();
    const to = this.#revision > BigInt(revisions) ? this.#revision - BigInt(revisions) : 1n;
    this.#history = this.#history.filter(({ revision }) => revision <= to);
    this.#revision = to;
    if (this.#compacted > to) this.#compacted = to;
  }

  disconnect(): void {
    this.#current?.drop(new EtcdError(HOST, Status.UNAVAILABLE, "connection closed"));
    this.#current = undefined;
  }

  /** Lets etcd send what its watches have not been sent, in pieces if wanted. */
  pump(fragmented: boolean): void {
    this.#current?.pump(fragmented);
  }

  progress(): void {
    this.#current?.progress();
  }

  /** Lets the n-th of the messages under way arrive (messages of the stream stay in order). False when there is none. */
  deliver(n: number): boolean {
    return this.#current?.deliver(n) ?? false;
  }

  get connected(): boolean {
    return this.#current !== undefined;
  }

  reconnect(): void {
    if (this.#current || this.#waiting.length === 0) return;
    const session = new SimulatedSession(this);
    this.#current = session;
    void session.ended.then(() => {
      if (this.#current === session) this.#current = undefined;
    });
    for (const resolve of this.#waiting) resolve(this.#current as unknown as Session);
    this.#waiting = [];
  }

  session(): Promise<Session> {
    if (this.#current) return Promise.resolve(this.#current as unknown as Session);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get revision(): bigint {
    return this.#revision;
  }

  get compacted(): bigint {
    return this.#compacted;
  }

  list(from: string, to: string, at = this.#revision): KeyValue[] {
    const kvs = new Map<string, KeyValue>();
    for (const { event, revision } of this.#history) {
      const key = event.kv!.key.toString();
      if (revision > at || !covers(from, to, key)) continue;
      if (event.type === Event_EventType.DELETE) kvs.delete(key);
      else kvs.set(key, event.kv!);
    }
    return [...kvs.values()].sort((a, b) => a.key.compare(b.key));
  }

  events(from: string, to: string, since: bigint): Event[] {
    return this.#history
      .filter(({ event, revision }) => revision >= since && covers(from, to, event.kv!.key.toString()))
      .map(({ event }) => event);
  }

  #commit(changes: [Event_EventType, string][]): void {
    this.#revision += 1n;
    for (const [type, key] of changes) {
      this.#lease += 1n;
      const put = type === Event_EventType.PUT && {
        createRevision: this.#revision,
        lease: this.#lease,
        value: Buffer.from(`10.0.0.${this.#lease % 250n}:80`),
      };
      const kv = KeyValue.fromPartial({ key: Buffer.from(key), modRevision: this.#revision, ...put });
      this.#history.push({ revision: this.#revision, event: Event.fromPartial({ type, kv }) });
    }
  }
}

class SimulatedSession {
  readonly host = HOST;
  readonly ended: Promise<Error>;
  readonly #etcd: SimulatedEtcd;
  readonly #calls: { answer(): void; fail(error: Error): void }[] = [];
  #stream: SimulatedStream | undefined;
  #lost: Error | undefined;
  #end!: (reason: Error) => void;

  constructor(etcd: SimulatedEtcd) {
    this.#etcd = etcd;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** A watcher calls Range, and Txn with nothing but Ranges in it. */
  call(_method: unknown, request: RangeRequest | TxnRequest): Promise<RangeResponse | TxnResponse> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const answer = () => {
        try {
          resolve("success" in request ? this.#txn(request) : this.#range(request));
        } catch (error) {
          reject(error);
        }
      };
      this.#calls.push({ answer, fail: reject });
    });
  }

  #txn({ success }: TxnRequest): TxnResponse {
    const responses = success.map(({ request }) => {
      assert.equal(request?.$case, "requestRange");
      return { response: { $case: "responseRange", value: this.#range(request.value) } as const };
    });
    return TxnResponse.fromPartial({ header: { revision: this.#etcd.revision }, succeeded: true, responses });
  }

  #range({ key, rangeEnd, revision: asked }: RangeRequest): RangeResponse {
    const { revision, compacted } = this.#etcd;
    if (asked !== 0n && (asked < compacted || asked > revision)) {
      throw new EtcdError(HOST, Status.OUT_OF_RANGE, "required revision has been compacted or is in the future");
    }
    const kvs = this.#etcd.list(key.toString(), rangeEnd.toString(), asked === 0n ? revision : asked);
    return RangeResponse.fromPartial({ header: { revision }, kvs });
  }

  readonly heard = 0;

  stream(_method: unknown, handlers: StreamHandlers<WatchResponse>): SimulatedStream {
    this.#stream = new SimulatedStream(this.#etcd, handlers);
    return this.#stream;
  }

  drop(reason: Error): void {
    if (this.#lost) return;
    this.#lost = reason;
    for (const { fail } of this.#calls) fail(reason);
    this.#stream?.fail(reason);
    this.#end(reason);
  }

  pump(fragmented: boolean): void {
    this.#stream?.pump(fragmented);
  }

  progress(): void {
    this.#stream?.progress();
  }

  deliver(n: number): boolean {
    const choices = this.#calls.length + (this.#stream?.hasMessage() ? 1 : 0);
    if (choices === 0) return false;
    const choice = n % choices;
    if (choice < this.#calls.length) this.#calls.splice(choice, 1)[0]!.answer();
    else this.#stream!.deliver();
    return true;
  }
}

/** etcd's end of a watch stream. */
class SimulatedStream implements Stream<WatchRequest> {
  readonly heardBytes = 0;
  readonly #etcd: SimulatedEtcd;
  readonly #watches = new Map<bigint, { from: string; to: string; next: bigint }>();
  /** What is under way in either direction. */
  readonly #requests: WatchRequest[] = [];
  readonly #responses: WatchResponse[] = [];
  #handlers: StreamHandlers<WatchResponse> | undefined;
  #lastId = -1n;

  constructor(etcd: SimulatedEtcd, handlers: StreamHandlers<WatchResponse>) {
    this.#etcd = etcd;
    this.#handlers = handlers;
  }

  /** Requests for progress are left without an answer, as some etcds do. */
  write(request: WatchRequest): void {
    if (request.requestUnion?.$case !== "progressRequest") this.#requests.push(request);
  }

  cancel(): void {
    this.#handlers = undefined;
  }

  fail(error: Error): void {
    this.#handlers?.end(error);
  }

  hasMessage(): boolean {
    return this.#requests.length + this.#responses.length > 0;
  }

  deliver(): void {
    const response = this.#responses.shift();
    if (response) this.#handlers?.message(response);
    else this.#receive(this.#requests.shift()!);
  }

  pump(fragmented: boolean): void {
    for (const [watchId, watch] of this.#watches) {
      if (watch.next < this.#etcd.compacted) {
        this.#watches.delete(watchId);
        this.#send({ watchId, canceled: true, compactRevision: this.#etcd.compacted });
        continue;
      }
      const events = this.#etcd.events(watch.from, watch.to, watch.next);
      if (watch.next <= this.#etcd.revision) watch.next = this.#etcd.revision + 1n;
      const pieces = fragmented ? events.map((event) => [event]) : [events];
      if (events.length === 0) continue;
      pieces.forEach((piece, i) => {
        this.#send({ watchId, events: piece, fragment: i < pieces.length - 1 });
      });
    }
  }

  /** Of watches that have been sent everything, and one on request, which may run ahead of all. */
  progress(): void {
    this.#responses.unshift(this.#response({ watchId: -1n }));
    for (const [watchId, { next }] of this.#watches) if (next === this.#etcd.revision + 1n) this.#send({ watchId });
  }

  #receive({ requestUnion }: WatchRequest): void {
    if (requestUnion?.$case === "createRequest") this.#create(requestUnion.value);
    if (requestUnion?.$case === "cancelRequest" && this.#watches.delete(requestUnion.value.watchId)) {
      this.#send({ watchId: requestUnion.value.watchId, canceled: true });
    }
  }

  #create({ key, rangeEnd, startRevision }: WatchCreateRequest): void {
    this.#lastId += 1n;
    this.#watches.set(this.#lastId, { from: key.toString(), to: rangeEnd.toString(), next: startRevision });
    this.#send({ watchId: this.#lastId, created: true });
  }

  #send(response: Parameters<typeof WatchResponse.fromPartial>[0]): void {
    this.#responses.push(this.#response(response));
  }

  #response(response: Parameters<typeof WatchResponse.fromPartial>[0]): WatchResponse {
    return WatchResponse.fromPartial({ header: { revision: this.#etcd.revision }, ...response });
  }
}

function covers(from: string, to: string, key: string): boolean {
  return to === "" ? key === from : key >= from && key < to;
}
