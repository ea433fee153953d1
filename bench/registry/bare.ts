import * as grpc from "@grpc/grpc-js";
import {
  DeleteRangeRequest,
  Event_EventType,
  PutRequest,
  RangeRequest,
  type RangeResponse,
  WatchCreateRequest,
} from "../../src/proto/etcd.js";
import { KVClient, WatchClient } from "../../src/proto/etcd-services.js";

/** etcd by its generated clients and nothing else: what Rollcall is compared with. One connection. */
export class BareEtcd {
  readonly #kv: KVClient;
  readonly #watch: WatchClient;

  constructor(endpoint: string) {
    // A pool of its own, so that two of them are two connections.
    const options = { "grpc.use_local_subchannel_pool": 1, "grpc.max_receive_message_length": -1 };
    this.#kv = new KVClient(endpoint, grpc.credentials.createInsecure(), options);
    this.#watch = new WatchClient(endpoint, grpc.credentials.createInsecure(), options);
  }

  put(key: string, value: string): Promise<unknown> {
    const request = PutRequest.fromPartial({ key: Buffer.from(key), value: Buffer.from(value) });
    return new Promise((resolve, reject) =>
      this.#kv.put(request, (error, reply) => (error ? reject(error) : resolve(reply))),
    );
  }

  delete(key: string): Promise<unknown> {
    const request = DeleteRangeRequest.fromPartial({ key: Buffer.from(key) });
    return new Promise((resolve, reject) =>
      this.#kv.deleteRange(request, (error, reply) => (error ? reject(error) : resolve(reply))),
    );
  }

  /** All keys of a service. */
  range(service: string): Promise<RangeResponse> {
    const request = RangeRequest.fromPartial({ key: Buffer.from(`${service}/`), rangeEnd: Buffer.from(`${service}0`) });
    return new Promise((resolve, reject) =>
      this.#kv.range(request, (error, reply) => (error ? reject(error) : resolve(reply!))),
    );
  }

  /** Calls back with each value put under the service, and each key deleted, from when the promise resolves. */
  async watch(
    service: string,
    onPut: (value: string) => void,
    onDelete: (key: string) => void = () => {},
  ): Promise<void> {
    const stream = this.#watch.watch();
    stream.on("error", () => {}); // it is cancelled when this is closed
    const value = WatchCreateRequest.fromPartial({
      key: Buffer.from(`${service}/`),
      rangeEnd: Buffer.from(`${service}0`),
    });
    stream.write({ requestUnion: { $case: "createRequest", value } });
    await new Promise((created) => {
      stream.on("data", ({ events }) => {
        created(undefined);
        for (const { type, kv } of events) {
          if (type === Event_EventType.DELETE) onDelete(String(kv?.key));
          else onPut(String(kv?.value));
        }
      });
    });
    this.#stop = () => stream.cancel();
  }

  #stop = (): void => {};

  close(): void {
    this.#stop();
    this.#kv.close();
    this.#watch.close();
  }
}
