import assert from "node:assert/strict";
import { after, test } from "node:test";
import { hold } from "../async/hold.js";
import { StatusResponse } from "../proto/etcd.js";
import { answer, RpcServer } from "../testing/rpc-server.js";
import { dial } from "./dial.js";
import { PingPace } from "./rpc/ping-pace.js";
import { Tokens } from "./tokens.js";

const release = hold(); // dialling holds no process
after(release);

test("a DNS that is silent for a host's name is given as long as connecting, and what it says late serves the next attempt", async () => {
  await using server = await RpcServer.start();
  server.serve = (stream) =>
    answer(stream, [StatusResponse.encode(StatusResponse.fromPartial({ leader: 1n })).finish()]);
  let lookups = 0;
  let found = (_addresses: string[]) => {};
  const lookUp = () => {
    lookups += 1;
    return new Promise<string[]>((resolve) => {
      found = resolve;
    });
  };
  const close = new AbortController();
  const host = `etcd-0.example:${server.port}`;
  const options = {
    settings: { hosts: [host] },
    pace: new PingPace(),
    tokens: new Tokens(),
    signal: close.signal,
    lookUp,
  };
  await assert.rejects(dial(host, { ...options, timeoutMs: 20 }), /etcd-0\.example.*is not found within 20 ms: DNS/);
  const second = dial(host, { ...options, timeoutMs: 60_000 });
  found(["127.0.0.1"]);
  const session = await second;
  assert.deepEqual([session.host, lookups], [host, 1]);
  session.drop(new Error("done"));

  const third = dial(host, { ...options, timeoutMs: 60_000 });
  close.abort(new Error("closed"));
  await assert.rejects(third, /closed/, "whoever closes waits for no DNS");
  assert.equal(lookups, 2);
});
