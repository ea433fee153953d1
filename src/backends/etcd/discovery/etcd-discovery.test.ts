import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { test } from "node:test";
import { KVService, MaintenanceService, WatchService } from "../../../etcd-client/methods.js";
import { FrameReader } from "../../../etcd-client/rpc/frames.js";
import type { Instance } from "../../../instance.js";
import { setLogger, setLogLevel } from "../../../log.js";
import { RangeRequest, RangeResponse, StatusResponse } from "../../../proto/etcd.js";
import { answer, begin, RpcServer } from "../../../testing/rpc-server.js";
import { EtcdDiscovery } from "./etcd-discovery.js";

const DENIED = { "grpc-status": "7", "grpc-message": "etcdserver: permission denied" };

/** An etcd with the instances 10.0.0.<n>:80 of order.rpc, of weight 3, whose reader may see them with their attributes, alone, or not. */
class Etcd {
  readonly server: RpcServer;
  instances = ["1", "2"];
  covers: "all" | "instances" | "nothing" = "all";
  onDenied = (_times: number) => {};
  #denials = 0;
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
    const withAttributes = key.includes("~rollcall");
    if (this.covers === "nothing" || (withAttributes && this.covers === "instances")) {
      this.#denials += 1;
      this.onDenied(this.#denials);
      answer(stream, [], DENIED);
      return;
    }
    const kvs = this.instances.flatMap((id) => [
      ...(withAttributes
        ? [{ key: Buffer.from(`order.rpc.~rollcall/${id}`), value: Buffer.from('{"weight":3}') }]
        : []),
      { key: Buffer.from(`order.rpc/${id}`), value: Buffer.from(`10.0.0.${id}:80`) },
    ]);
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
    etcd.covers = "instances";
    etcd.instances = ["2"];
    etcd.endWatches();
  }
  assert.deepEqual(sets, ["10.0.0.1:80 10.0.0.2:80", "10.0.0.2:80"]);
});

/** What a set says, for example `1x3 2`: the numbers of its instances, with their weights where they have any. */
const shown = (set: readonly Instance[]) =>
  set.map(({ address, weight }) => address[7] + (weight ? `x${weight}` : "")).join(" ");

test("a permission that is denied in passing costs a reader no weights and zones once it is granted", async () => {
  await using server = await RpcServer.start();
  const etcd = new Etcd(server);
  const abort = new AbortController();
  const told: string[] = [];
  const onTrouble = (trouble: Error | undefined) => {
    told.push(trouble ? "trouble" : "well");
    if (!/permission denied/.test(trouble?.message ?? "")) return;
    etcd.instances = ["2"];
    etcd.covers = "all";
  };
  const discovery = new EtcdDiscovery({ hosts: [`127.0.0.1:${server.port}`] });
  for await (const set of discovery.watch("order.rpc", { signal: abort.signal, onTrouble })) {
    told.push(shown(set));
    if (shown(set) === "2x3") abort.abort();
    etcd.covers = "nothing";
    etcd.endWatches();
  }
  assert.deepEqual(
    told.filter((one, i) => one !== told[i - 1]),
    ["1x3 2x3", "trouble", "well", "2x3"],
  );
});

test("a role that is widened while it is read by shows a reader weights and zones without a restart", async () => {
  await using server = await RpcServer.start();
  const etcd = new Etcd(server);
  etcd.covers = "instances";
  const abort = new AbortController();
  const discovery = new EtcdDiscovery({ hosts: [`127.0.0.1:${server.port}`] });
  const sets: string[] = [];
  for await (const set of discovery.watch("order.rpc", { signal: abort.signal })) {
    sets.push(shown(set));
    if (sets.length === 2) abort.abort();
    etcd.covers = "all";
  }
  assert.deepEqual(sets, ["1 2", "1x3 2x3"]);
});

test("a service that may not be read is one warning, however often it is asked for", async (t) => {
  const warnings: string[] = [];
  t.after(() => setLogLevel("silent"));
  setLogger({ debug() {}, info() {}, warn: (_, message) => void warnings.push(message), error() {} });
  await using server = await RpcServer.start();
  const etcd = new Etcd(server);
  etcd.covers = "nothing";
  const abort = new AbortController();
  const discovery = new EtcdDiscovery({ hosts: [`127.0.0.1:${server.port}`] });
  etcd.onDenied = (times) => {
    if (times === 6) etcd.covers = "all";
  };
  for await (const set of discovery.watch("order.rpc", { signal: abort.signal })) {
    assert.equal(shown(set), "1x3 2x3");
    abort.abort();
  }
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(warnings[0]!, /^cannot read order\.rpc\/ in etcd: .*permission denied.*; retrying$/);
});

test("an etcd that asks the client to go away, and lets its watch run on, is followed over another connection", async () => {
  await using server = await RpcServer.start();
  const etcd = new Etcd(server);
  const { signal } = new AbortController();
  const discovery = new EtcdDiscovery({ hosts: [`127.0.0.1:${server.port}`] });
  const sets: string[] = [];
  for await (const set of discovery.watch("order.rpc", { signal })) {
    sets.push(shown(set));
    if (sets.length === 2) break;
    etcd.instances = ["3"];
    server.sessions[0]!.goaway(0);
  }
  assert.deepEqual(sets, ["1x3 2x3", "3x3"]);
  assert.equal(server.sessions.length, 2);
});
