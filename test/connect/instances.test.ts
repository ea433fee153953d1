import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createRollcallTransport } from "../../src/connect/index.js";
import { until } from "../support/until.js";
import { fleet, registry } from "./fleet.js";
import { startTalk } from "./talk-server.js";
import { Talk } from "./talk-service.js";
import { texts, words } from "./words.js";

test("an instance that is slow gets few calls", async (t) => {
  const { client, servers } = await fleet(t, ["slow", "b", "c"]);
  servers[0]!.delayMs = 100;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 50; i++) await client.say({ text: "x" });
    }),
  );
  assert.ok(servers[0]!.calls < 40, `the slow one had ${servers[0]!.calls} of 200`);
});

test("a call waits for a stream only where no instance has one left", async (t) => {
  const { client, servers } = await fleet(t, ["quick", "slow"], {}, { streams: 1 });
  servers[1]!.delayMs = 100;
  for (let i = 0; i < 20; i++) await client.say({ text: "x" });
  const abort = new AbortController();
  const calls = () => servers.reduce((sum, server) => sum + server.calls, 0);
  const hang = async () => {
    const before = calls();
    client.say({ text: "hang" }, { signal: abort.signal }).catch(() => {});
    await until(() => calls() > before, "it runs");
  };
  await hang();
  const answers = [await client.say({ text: "x" }), await client.say({ text: "x" })];
  assert.equal(new Set(answers.map(({ by }) => by)).size, 1, "the other one");
  await hang();
  await assert.rejects(client.say({ text: "x" }, { timeoutMs: 100 }), { code: Code.DeadlineExceeded });
  const waits = client.say({ text: "x" });
  abort.abort();
  await waits;
});

test("HTTP/1.1: an instance that is gone gets nothing until it is back", async (t) => {
  const { client, servers, transport } = await fleet(t, ["a", "b"], { httpVersion: "1.1" }, { http: "1.1" });
  const [gone] = servers;
  await gone!.kill();
  let failed = 0;
  for (let i = 0; i < 50; i++) {
    await client.say({ text: "x" }).catch(() => {
      failed += 1;
    });
  }
  assert.ok(failed <= 1, `${failed} of 50 failed`);
  const back = await startTalk("back", { http: "1.1", port: Number(gone!.address.split(":")[1]) });
  t.after(() => back.kill());
  await until(() => transport.stats().ready === 2, "it is back");
});

test("a server that says GOAWAY loses no call of any kind", async (t) => {
  const { client, servers } = await fleet(t, ["a", "b"]);
  const failed: unknown[] = [];
  let calls = 0;
  let calling = true;
  const callers = Array.from({ length: 8 }, async (_, at) => {
    while (calling && failed.length === 0) {
      const call =
        at % 2 === 0
          ? client.say({ text: "x", waitMs: 1 })
          : at % 4 === 1
            ? texts(client.tell({ text: "t" }))
            : texts(client.chat(words("x", "y")));
      await call.then(
        () => {
          calls += 1;
        },
        (error) => failed.push(error),
      );
    }
  });
  try {
    for (let round = 0; round < 10; round++) {
      const before = calls;
      await until(() => failed.length > 0 || calls > before + 50, "calls are made");
      servers[round % 2]!.goAway();
    }
  } finally {
    calling = false;
  }
  await Promise.all(callers);
  assert.deepEqual(failed, []);
});

test("while nobody is listed calls wait, and are told why when their time is over", async (t) => {
  const service = "talk-nobody.rpc";
  registry.list(service, []);
  const transport = createRollcallTransport({ target: registry.target(service), protocol: "connect" });
  t.after(() => transport.close());
  const client = createClient(Talk, transport);
  await until(() => transport.stats().listed === 0, "the registry has answered");
  await assert.rejects(client.say({ text: "x" }, { timeoutMs: 50 }), (error: ConnectError) => {
    assert.equal(error.code, Code.DeadlineExceeded);
    assert.match(error.rawMessage, /no instance of "talk-nobody.rpc" is listed/);
    return true;
  });
  const abort = new AbortController();
  const given = client.say({ text: "x" }, { signal: abort.signal });
  abort.abort();
  await assert.rejects(given, { code: Code.Canceled });
  const waiting = client.say({ text: "x" });
  const server = await startTalk("late");
  t.after(() => server.kill());
  registry.list(service, [server.address]);
  assert.equal((await waiting).by, "late");
});

test("where nobody can be connected to, calls fail as unavailable and say why", async (t) => {
  const { servers, client, transport } = await fleet(t, ["a"]);
  await servers[0]!.kill();
  await until(() => transport.stats().ready === 0, "it is gone");
  await assert.rejects(client.say({ text: "x" }), (error: ConnectError) => {
    assert.equal(error.code, Code.Unavailable);
    assert.match(error.rawMessage, /none of the instances.*ECONNREFUSED/);
    return true;
  });
});

test("interceptors are told as their caller is why a call got no instance, and the reason stands there once", async (t) => {
  const told: ConnectError[] = [];
  const listen: Interceptor = (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      told.push(error as ConnectError);
      throw error;
    }
  };
  const limit: Interceptor = (next) => (request) => {
    const late = AbortSignal.abort(new ConnectError("its own limit", Code.DeadlineExceeded));
    return next(request.header.has("limited") ? { ...request, signal: late } : request);
  };
  const { servers, client, transport } = await fleet(t, ["a"], { interceptors: [listen, limit] });
  await servers[0]!.kill();
  await until(() => transport.stats().ready === 0, "it is gone");
  await assert.rejects(client.say({ text: "x" }));
  await assert.rejects(client.say({ text: "x" }, { headers: { limited: "yes" } }), (error: ConnectError) => {
    assert.match(error.rawMessage, /^its own limit: none of the instances/);
    return error.rawMessage.split("none of the instances").length === 2;
  });
  await transport.close();
  await assert.rejects(client.say({ text: "x" }));
  assert.deepEqual(
    told.map(({ code }) => code),
    [Code.Unavailable, Code.DeadlineExceeded, Code.Unavailable],
  );
  assert.match(told[0]!.rawMessage, /none of the instances/);
  assert.match(told[2]!.rawMessage, /is closed/);
});
