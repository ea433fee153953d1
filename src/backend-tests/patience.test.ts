import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instance } from "../instance.js";
import { Follower } from "./follower.js";
import { Patience } from "./patience.js";

const patience = new Patience(20);
const never = () => new Promise<never>(() => {});
const endless = { watch: () => ({ [Symbol.asyncIterator]: () => ({ next: never, return: never }) }) };
const instance: Instance = { address: "10.0.0.1:8080" };

test("whatever a backend or its server leaves open is named", async () => {
  const server = patience.server({ target: () => "", list: never, break: never, restore: never, stop: never });
  const registrar = patience.registrar({ register: never });
  const sets = patience.discovery(endless).watch("order", { signal: new AbortController().signal });
  const reading = sets[Symbol.asyncIterator]();
  for (const [waited, ...words] of [
    [server.list!("order", []), "list() of the test's server"],
    [server.break!(), "break() of the test's server"],
    [server.restore!(), "restore() of the test's server"],
    [server.stop(), "stop() of the test's server"],
    [registrar.register("order", instance), "register()"],
    [reading.next(), "a watch to yield a set or to end"],
    [reading.return!(), "a watch to end whose reader has left its loop"],
    [new Follower(endless, "order", patience).end(), "a watch to end whose signal was aborted"],
  ] as const) {
    await assert.rejects(Promise.resolve(waited), (error: Error) => {
      assert.ok(error.message.startsWith(`waited 20 ms for ${words.join()}`), error.message);
      return true;
    });
  }
});

test("what comes in time is passed on as it is: values, errors, and the server that methods belong to", async () => {
  const began = {
    listed: [] as (readonly Instance[])[],
    target: () => "t",
    list(_service: string, instances: readonly Instance[]) {
      this.listed.push(instances);
    },
    stop() {},
  };
  const server = patience.server(began);
  await server.list!("order", [instance]);
  await server.stop();
  assert.deepEqual([began.listed, server.target("order"), server.break], [[[instance]], "t", undefined]);

  const reason = new Error("it is no address");
  const refusing = patience.registrar({ register: () => Promise.reject(reason) });
  await assert.rejects(refusing.register("order", instance), reason);

  let left = false;
  const discovery = patience.discovery({
    async *watch() {
      try {
        yield [instance];
        yield [];
      } finally {
        left = true;
      }
    },
  });
  const { signal } = new AbortController();
  const seen = [];
  for await (const set of discovery.watch("order", { signal })) seen.push(set);
  assert.deepEqual(seen, [[instance], []]);
  left = false;
  for await (const _set of discovery.watch("order", { signal })) break;
  assert.equal(left, true);
});
