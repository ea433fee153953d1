import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { test } from "node:test";
import { KVService, MaintenanceService, WatchService } from "../../../etcd-client/methods.js";
import { FrameReader } from "../../../etcd-client/rpc/frames.js";
import { RangeRequest, RangeResponse, StatusResponse } from "../../../proto/etcd.js";
import { answer, begin, RpcServer } from "../../../testing/rpc-server.js";
import { EtcdDiscovery } from "./etcd-discovery.js";

const DENIED = { "grpc-status": "7", "grpc-message": "etcdserver: permission denied" };

/** An etcd with the instances 10.0.0.<n>:80 of order.rpc, whose reader may see them with their attributes or alone. */
class Etcd {
  readonly server: RpcServer;
  instances = ["1", "2"];
  coversAttributes = true;
  readonly #watches = new Set<ServerHttp2Stream>();

  constructor(server: RpcServer) {
    this.server = server;
    server.serve = (stream, headers) => {
      switch (headers[":path"]) {
        case MaintenanceService.status.path:
          return answer(stream, [StatusResponse.encode(StatusResponse.fromPartial({ leader: 1n })).finish()]);
        case WatchService.watch.path:
          this.#watches.add(stream);
          return begin(stream);
        case KVService.range.path: {
          const frames = new FrameReader();
          stream.on("data", (chunk: Buffer) => {
            for (const message of frames.read(chunk)) this.#range(stream, RangeRequest.decode(message));
          });
        }
      }
    };
  }

  endWatches(): void {
    for (const stream of this.#watches) stream.end();
    this.#watches.clear();
  }

  #range(stream: ServerHttp2Stream, { key }: RangeRequest): void {
    if (key.includes("~rollcall") && !this.coversAttributes) {
      answer(stream, [], DENIED);
      return;
    }
    const kvs = this.instances.map((id) => ({
      key: Buffer.from(`order.rpc/${id}`),
      value: Buffer.from(`10.0.0.${id}:80`),
    }));
    answer(stream, [RangeResponse.encode(RangeResponse.fromPartial({ header: { revision: 5n }, kvs })).finish()]);
  }
}

test("what a reader knew before its role was narrowed to the instances alone does not outlive it", async () => {
  await using server = await RpcServer.start();
  const etcd = new Etcd(server);
  const abort = new AbortController();
  const discovery = new EtcdDiscovery({ hosts: [`127.0.0.1:${server.port}`] });
  const sets: string[] = [];
  for await (const set of discovery.watch("order.rpc", { signal: abort.signal })) {
    sets.push(set.map(({ address }) => address).join(" "));
    if (sets.length === 2) abort.abort();
    etcd.coversAttributes = false;
    etcd.instances = ["2"];
    etcd.endWatches();
  }
  assert.deepEqual(sets, ["10.0.0.1:80 10.0.0.2:80", "10.0.0.2:80"]);
});
