import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { test } from "node:test";
import { KVService, LeaseService, MaintenanceService } from "../../../etcd-client/methods.js";
import { FrameReader } from "../../../etcd-client/rpc/frames.js";
import {
  LeaseGrantResponse,
  RangeResponse,
  ResponseOp,
  StatusResponse,
  TxnRequest,
  TxnResponse,
} from "../../../proto/etcd.js";
import { answer, RpcServer } from "../../../testing/rpc-server.js";
import { EtcdRegistrar } from "./etcd-registrar.js";

const HEADER = { header: { revision: 1n } };

/** Calls back with the first message of a call. */
function read<T>(stream: ServerHttp2Stream, decode: (bytes: Buffer) => T, call: (message: T) => void): void {
  const frames = new FrameReader();
  stream.on("data", (chunk: Buffer) => {
    for (const message of frames.read(chunk)) call(decode(message));
  });
}

/** How a key's transactions reach the store of an etcd whose threads are at odds: a put comes late, even where its caller has left. */
async function unrulyEtcd(key: string) {
  const server = await RpcServer.start();
  const applied: string[] = [];
  let putCame = () => {};
  const came = new Promise<void>((resolve) => {
    putCame = resolve;
  });
  const txn = (stream: ServerHttp2Stream, { compare, success }: TxnRequest) => {
    const responses = success.map(() =>
      ResponseOp.fromPartial({ response: { $case: "responseRange", value: RangeResponse.fromPartial(HEADER) } }),
    );
    const done = () => {
      if (stream.destroyed) return;
      answer(stream, [TxnResponse.encode(TxnResponse.fromPartial({ ...HEADER, succeeded: true, responses })).finish()]);
    };
    const [first] = success;
    const isPut = first?.request?.$case === "requestPut" && first.request.value.key.toString().startsWith(key);
    const isRemoval = compare[0]?.key.toString().startsWith(key) ?? false;
    if (isRemoval) applied.push("delete");
    if (!isPut) return done();
    putCame();
    setTimeout(() => {
      applied.push("put");
      done();
    }, 100);
  };
  server.serve = (stream, headers) => {
    switch (headers[":path"]) {
      case MaintenanceService.status.path:
        return answer(stream, [StatusResponse.encode(StatusResponse.fromPartial({ leader: 1n })).finish()]);
      case LeaseService.leaseGrant.path:
        return answer(stream, [
          LeaseGrantResponse.encode(LeaseGrantResponse.fromPartial({ ID: 7n, TTL: 60n })).finish(),
        ]);
      case KVService.txn.path:
        return read(stream, TxnRequest.decode, (request) => txn(stream, request));
      case LeaseService.leaseRevoke.path:
      case KVService.range.path:
        return answer(stream, [RangeResponse.encode(RangeResponse.fromPartial(HEADER)).finish()]);
    }
  };
  return { server, applied, came };
}

test("a registration that is ended while its key is being put is taken out after that: etcd may carry out a put that was called off", async () => {
  const { server, applied, came } = await unrulyEtcd("order.rpc/");
  await using _ = server;
  const registrar = new EtcdRegistrar({ hosts: [`127.0.0.1:${server.port}`], ttlSeconds: 60 });
  // Another one keeps the lease that they share, so that nothing else would take the key out.
  const other = await registrar.register("other.rpc", { address: "10.0.0.1:80" });
  const abort = new AbortController();
  const registering = registrar.register("order.rpc", { address: "10.0.0.1:80" }, { signal: abort.signal });
  await came;
  abort.abort(new Error("not any more"));
  await assert.rejects(registering, /not any more/);
  assert.deepEqual(applied, ["put", "delete"]);
  await other.deregister();
});
