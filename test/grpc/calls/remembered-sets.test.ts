import assert from "node:assert/strict";
import { test } from "node:test";
import { Latest } from "../../../src/async/latest.js";
import { channelOf, createClient, type Instance, registerBackend, type WatchOptions } from "../../../src/index.js";
import { EchoClient, say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { echoes, open } from "../balancing/bare-echoes.js";

/** A client that remembers an instance which is gone, while its registry has not answered yet; and another instance. */
async function remembering(scheme: string) {
  const watches: { sets: Latest<readonly Instance[]>; options: WatchOptions }[] = [];
  registerBackend(scheme, {
    discovery: () => ({
      watch: (_service, options) => {
        const sets = new Latest<readonly Instance[]>(options.signal);
        watches.push({ sets, options });
        return sets;
      },
    }),
  });
  const clientOf = () => {
    const client = createClient(EchoClient, { Target: `${scheme}:///h:1?key=order`, Timeout: 60_000 });
    open.push(client);
    return client;
  };
  const [gone, there] = await echoes(2);
  const before = clientOf();
  await until(() => watches.length === 1, "it is watched");
  watches[0]!.sets.set([{ address: gone!.address }]);
  await say(before);
  before.close();
  gone!.stop();
  const client = clientOf();
  const call = say(client);
  const refused = () =>
    channelOf(client)!
      .stats()
      ?.instances.some(({ setAside }) => setAside?.includes("ECONNREFUSED"));
  await until(() => refused() === true, "what is remembered is gone");
  return { client, call, there: there!.address, ...watches[1]! };
}

test("a call waits for the registry's word where all instances are gone that are remembered", async () => {
  const { call, there, sets } = await remembering("remembered-slow");
  sets.set([{ address: there }]);
  assert.equal((await call).instance, there);
});

test("a call does not wait for a registry that says nothing at all for seconds", async () => {
  const { call } = await remembering("remembered-silent");
  await assert.rejects(call, /none of the instances .* \(from memory\) can take a call; .*ECONNREFUSED/);
});

test("where the registry is in trouble, a call fails that finds those that are remembered gone", async () => {
  const { call, options } = await remembering("remembered-trouble");
  options.onTrouble!(new Error("it is down"));
  await assert.rejects(call, /none of the instances .* \(from memory\) can take a call; .*ECONNREFUSED.*; it is down/);
});
