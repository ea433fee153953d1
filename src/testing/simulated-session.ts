import assert from "node:assert/strict";
import { EtcdError } from "../etcd-client/errors.js";
import { Status } from "../etcd-client/rpc/status.js";
import type { StreamHandlers } from "../etcd-client/session.js";
import { type RangeRequest, RangeResponse, type TxnRequest, TxnResponse, type WatchResponse } from "../proto/etcd.js";
import type { SimulatedStore } from "./simulated-store.js";
import { SimulatedStream } from "./simulated-stream.js";

const HOST = "simulated:2379";

/** A connection to a simulated etcd: its calls and its watch stream wait until they are delivered. */
export class SimulatedSession {
  readonly host = HOST;
  readonly heard = 0;
  readonly ended: Promise<Error>;
  readonly #store: SimulatedStore;
  readonly #calls: { answer(): void; fail(error: Error): void }[] = [];
  #stream: SimulatedStream | undefined;
  #lost: Error | undefined;
  #end!: (reason: Error) => void;

  constructor(store: SimulatedStore) {
    this.#store = store;
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
    return TxnResponse.fromPartial({ header: { revision: this.#store.revision }, succeeded: true, responses });
  }

  #range({ key, rangeEnd, revision: asked }: RangeRequest): RangeResponse {
    const { revision, compacted } = this.#store;
    if (asked !== 0n && (asked < compacted || asked > revision)) {
      throw new EtcdError(HOST, Status.OUT_OF_RANGE, "required revision has been compacted or is in the future");
    }
    const kvs = this.#store.list(key.toString(), rangeEnd.toString(), asked === 0n ? revision : asked);
    return RangeResponse.fromPartial({ header: { revision }, kvs });
  }

  stream(_method: unknown, handlers: StreamHandlers<WatchResponse>): SimulatedStream {
    this.#stream = new SimulatedStream(this.#store, handlers);
    return this.#stream;
  }

  /** The connection breaks. */
  drop(): void {
    if (this.#lost) return;
    const reason = new EtcdError(HOST, Status.UNAVAILABLE, "connection closed");
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
