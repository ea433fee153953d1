import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { Latest } from "../../../src/async/latest.js";
import { type Instance, registerBackend } from "../../../src/index.js";
import { EchoClient, say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { connectionsOf, echoes, open } from "../balancing/bare-echoes.js";

type Sets = Latest<readonly Instance[]>;

/** Makes a backend whose watches are in the test's hand. */
function watched(scheme: string): Sets[] {
  const watches: Sets[] = [];
  registerBackend(scheme, {
    discovery: () => ({
      watch: (_service, { signal }) => {
        const sets: Sets = new Latest(signal);
        watches.push(sets);
        return sets;
      },
    }),
  });
  return watches;
}

function clientOf(scheme: string, options?: grpc.ClientOptions): EchoClient {
  const client = new EchoClient(`${scheme}:///h:1?key=order`, grpc.credentials.createInsecure(), options);
  open.push(client);
  return client;
}

for (const [how, fail] of [
  ["throws", (sets: Sets) => sets.fail(new Error("stream reset"))],
  ["ends by itself", (sets: Sets) => sets.end()],
  ["yields what is no instance", (sets: Sets) => sets.set([null as never])],
] as const) {
  for (const policy of ["p2c_ewma", "round_robin"]) {
    test(`a watch that ${how} costs a bare client with ${policy} no call and no connection, and changes are heard again`, async () => {
      const servers = await echoes(3);
      const [late] = await echoes(1);
      const watches = watched("failing-watch");
      const config = JSON.stringify({ loadBalancingConfig: [{ [policy]: {} }] });
      const client = clientOf("failing-watch", policy === "p2c_ewma" ? {} : { "grpc.service_config": config });
      const seen = new Set<string>();
      let stop = false;
      const caller = async () => {
        while (!stop) seen.add((await say(client, {}, { deadline: Date.now() + 30_000 })).instance);
      };
      const calls = Promise.all([caller(), caller()]);
      const seenAll = async (n: number) => {
        seen.clear();
        await Promise.race([calls, until(() => seen.size === n, `${n} instances are called`)]);
      };
      await until(() => watches.length === 1, "it is watched");
      const listed = servers.map(({ address }) => ({ address }));
      watches[0]!.set(listed);
      await seenAll(3);
      const connections = await Promise.all(servers.map(connectionsOf));

      fail(watches[0]!);
      await until(() => watches.length === 2, "it is watched again");
      await seenAll(3);
      assert.deepEqual(await Promise.all(servers.map(connectionsOf)), connections);

      watches[1]!.set([...listed, { address: late!.address }]);
      await seenAll(4);
      stop = true;
      await calls;
    });
  }
}

/** Makes a backend that can be had at a client's second attempt. */
async function hadLater(scheme: string): Promise<{ address: string; attempts: number }> {
  const [server] = await echoes(1);
  const had = { address: server!.address, attempts: 0 };
  registerBackend(scheme, {
    discovery: () => {
      had.attempts += 1;
      if (had.attempts === 1) throw new Error("access is denied");
      const sets: Sets = new Latest();
      sets.set([{ address: had.address }]);
      return { watch: () => sets };
    },
  });
  return had;
}

test("a call that waits for ready comes through once its backend can be had, with nobody else calling", async () => {
  const had = await hadLater("had-for-call");
  const client = clientOf("had-for-call");
  const reply = await new Promise<{ instance: string }>((resolve, reject) => {
    const metadata = new grpc.Metadata({ waitForReady: true });
    const done = (error: Error | null, given?: { instance: string }) => (error ? reject(error) : resolve(given!));
    (client.say as (...given: unknown[]) => void)({}, metadata, { deadline: Date.now() + 30_000 }, done);
  });
  assert.equal(reply.instance, had.address);
  assert.equal(had.attempts, 2);
});

test("a call that does not wait is told at once why its backend cannot be had, and the client is ready once it can", async () => {
  const had = await hadLater("had-for-client");
  const client = clientOf("had-for-client");
  const deadline = Date.now() + 30_000;
  await assert.rejects(say(client, {}, { deadline }), /"order" are not known: .*; access is denied/);
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(deadline, (error) => (error ? reject(error) : resolve())),
  );
  assert.equal((await say(client)).instance, had.address);
  assert.equal(had.attempts, 2);
});
