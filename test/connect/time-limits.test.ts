import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { fleet, PROTOCOLS } from "./fleet.js";
import { texts, words } from "./words.js";

test("a deadline ends a call, unary or streamed, and counts against the instance", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client, transport } = await fleet(t, ["a"], { protocol });
    await assert.rejects(client.say({ text: "hang" }, { timeoutMs: 30 }), { code: Code.DeadlineExceeded });
    assert.ok(transport.stats().instances[0]!.failureRate > 0);
    await assert.rejects(texts(client.chat(words("a", "hang"), { timeoutMs: 30 })), { code: Code.DeadlineExceeded });
    assert.equal(transport.stats().instances[0]!.inFlight, 0);
  }
});

test("a call's timeout of 0 is no limit, whatever the default is; without one the default counts", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client } = await fleet(t, ["a"], { protocol, defaultTimeoutMs: 100 });
    assert.equal((await client.say({ text: "x", waitMs: 300 }, { timeoutMs: 0 })).text, "x", protocol);
    await assert.rejects(client.say({ text: "hang" }), { code: Code.DeadlineExceeded });
  }
});

test("the time that servers are told is a whole number of milliseconds", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client, servers } = await fleet(t, ["a"], { protocol });
    await client.say({ text: "x" }, { timeoutMs: 5000.25 });
    await texts(client.tell({ text: "x" }, { timeoutMs: 0.1 })).catch(() => {});
    const [first] = servers[0]!.seen;
    assert.match(first!.timeout, /^(500[01]|49\d\d)m?$/);
    for (const { timeout } of servers[0]!.seen) assert.match(timeout, /^\d+m?$/);
  }
});

test("a stream that has answered may last to its deadline: nothing is held against the instance", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client, transport } = await fleet(t, ["a"], { protocol });
    let answers = 0;
    // On a busy machine the first answer may take long.
    for (let timeoutMs = 200; answers === 0; timeoutMs *= 2) {
      const read = async () => {
        for await (const _ of client.tell({ text: "endless", waitMs: 20 }, { timeoutMs })) answers += 1;
      };
      const { failureRate: before } = transport.stats().instances[0]!;
      await assert.rejects(read(), { code: Code.DeadlineExceeded });
      if (answers > 0) assert.equal(transport.stats().instances[0]!.failureRate, before, protocol);
    }
  }
});
