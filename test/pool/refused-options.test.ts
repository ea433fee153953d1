import assert from "node:assert/strict";
import { test } from "node:test";
import { createPool } from "../../src/pool/index.js";
import { A, Fleet } from "./fleet.js";

test("a signal that is none is refused where it is given", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  for (const signal of [{ signal: AbortSignal.abort() }, new AbortController(), "x", 5, null]) {
    await assert.rejects(pool.acquire(signal as never), /signal is .*; expected an AbortSignal/);
    await assert.rejects(
      pool.run(() => "", { signal: signal as never }),
      /expected an AbortSignal/,
    );
  }
});

test("what an exchange asks for is refused by name where it cannot be obeyed, and costs no instance anything", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  const run = (asked: unknown, exchange: unknown = () => "") => pool.run(exchange as () => string, asked as object);
  await assert.rejects(run(undefined, "x"), /the exchange is "x"; expected a function/);
  await assert.rejects(run(new AbortController().signal), /takes its signal by name: \{ signal \}/);
  await assert.rejects(run({ singal: 1 }), /no option "singal": did you mean signal\?/);
  await assert.rejects(run({ timeoutMs: 1 }), /no option "timeoutMs": its options are signal, kind/);
  await assert.rejects(run(null), /takes its options by name/);
  await assert.rejects(run({ kind: 5 }), /kind is 5; expected a text/);
  await assert.rejects(pool.acquire(undefined, { kind: 5 } as never), /kind is 5/);
  await pool.run(() => "");
  assert.equal(pool.stats().instances[0]!.failureRate, 0);
});

test("what cannot be obeyed is refused by name", () => {
  const connect = () => "";
  const make = (options: object) => () => createPool("direct:///127.0.0.1:1", { connect, ...options });
  assert.throws(make({ connect: 1 }), /connect is 1; expected a function/);
  assert.throws(make({ subset: -1 }), /subset is -1; expected a whole number/);
  assert.throws(make({ zone: 7 }), /zone is 7/);
  assert.throws(make({ waitMs: Number.NaN }), /waitMs is NaN/);
  assert.throws(make({ presence: "yes" }), /presence is "yes"; expected true or false/);
  assert.throws(make({ presence: true }), /presence is for targets that etcd lists; give one that begins with etcd:/);
  assert.throws(make({ zones: "a" }), /no option "zones": did you mean zone\?/);
  assert.throws(() => createPool("etcd:///127.0.0.1:1", { connect }), /is not a target: it has no key/);
  for (const target of [undefined, {}, { scheme: "direct" }, new URL("direct:///127.0.0.1:1")])
    assert.throws(() => createPool(target as never, { connect }), /the target is .*; expected a URL such as/);
  assert.throws(() => createPool("direct:///127.0.0.1:1", undefined as never), /a pool takes its options by name/);
});
