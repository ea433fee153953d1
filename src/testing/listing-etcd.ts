import type { ServerHttp2Stream } from "node:http2";
import { KVService, LeaseService, MaintenanceService, WatchService } from "../etcd-client/methods.js";
import { FrameReader } from "../etcd-client/rpc/frames.js";
import { LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, RangeResponse, StatusResponse } from "../proto/etcd.js";
import { answer, begin, RpcServer } from "./rpc-server.js";

/** One key of an etcd, under the lease with this number. */
export interface Listed {
  readonly key: string;
  readonly value: string;
  readonly lease?: bigint;
}

/** An etcd that has a few keys, whatever it is asked for, and tells of its leases when a test lets it. */
export class ListingEtcd implements AsyncDisposable {
  readonly endpoint: string;
  listed: readonly Listed[] = [];
  /** Why it answers no range, as gRPC's trailers say it. */
  failure: Record<string, string> | undefined;
  /** What is done when somebody asks for a lease. Default: it has 7 of 10 seconds. */
  onLease: (tell: () => void) => void = (tell) => tell();
  readonly #server: RpcServer;

  static async start(): Promise<ListingEtcd> {
    return new ListingEtcd(await RpcServer.start());
  }

  private constructor(server: RpcServer) {
    this.#server = server;
    this.endpoint = `127.0.0.1:${server.port}`;
    server.serve = (stream, headers) => {
      switch (headers[":path"]) {
        case MaintenanceService.status.path:
          return answer(stream, [StatusResponse.encode(StatusResponse.fromPartial({ leader: 1n })).finish()]);
        case WatchService.watch.path:
          return begin(stream);
        case KVService.range.path:
          return this.#range(stream);
        case LeaseService.leaseTimeToLive.path:
          return this.#lease(stream);
      }
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  #range(stream: ServerHttp2Stream): void {
    if (this.failure) {
      answer(stream, [], this.failure);
      return;
    }
    const kvs = this.listed.map(({ key, value, lease = 0n }) => {
      return { key: Buffer.from(key), value: Buffer.from(value), lease };
    });
    answer(stream, [RangeResponse.encode(RangeResponse.fromPartial({ header: { revision: 5n }, kvs })).finish()]);
  }

  #lease(stream: ServerHttp2Stream): void {
    const frames = new FrameReader();
    stream.on("data", (chunk: Buffer) => {
      for (const message of frames.read(chunk)) {
        const { ID } = LeaseTimeToLiveRequest.decode(message);
        const told = LeaseTimeToLiveResponse.fromPartial({ ID, TTL: 7n, grantedTTL: 10n });
        this.onLease(() => answer(stream, [LeaseTimeToLiveResponse.encode(told).finish()]));
      }
    });
  }
}
