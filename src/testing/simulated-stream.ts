import type { Stream, StreamHandlers } from "../etcd-client/session.js";
import { type WatchCreateRequest, type WatchRequest, WatchResponse } from "../proto/etcd.js";
import type { SimulatedStore } from "./simulated-store.js";

/** etcd's end of a watch stream. */
export class SimulatedStream implements Stream<WatchRequest> {
  readonly heardBytes = 0;
  readonly #store: SimulatedStore;
  readonly #watches = new Map<bigint, { from: string; to: string; next: bigint }>();
  /** What is under way in either direction. */
  readonly #requests: WatchRequest[] = [];
  readonly #responses: WatchResponse[] = [];
  #handlers: StreamHandlers<WatchResponse> | undefined;
  #lastId = -1n;

  constructor(store: SimulatedStore, handlers: StreamHandlers<WatchResponse>) {
    this.#store = store;
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
      if (watch.next < this.#store.compacted) {
        this.#watches.delete(watchId);
        this.#send({ watchId, canceled: true, compactRevision: this.#store.compacted });
        continue;
      }
      const events = this.#store.events(watch.from, watch.to, watch.next);
      if (watch.next <= this.#store.revision) watch.next = this.#store.revision + 1n;
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
    for (const [watchId, { next }] of this.#watches) if (next === this.#store.revision + 1n) this.#send({ watchId });
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
    return WatchResponse.fromPartial({ header: { revision: this.#store.revision }, ...response });
  }
}
