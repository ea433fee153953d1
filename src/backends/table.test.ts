import assert from "node:assert/strict";
import { test } from "node:test";
import { type Backend, type BackendLoader, registerBackend } from "../index.js";
import type { TargetForm } from "../target/forms.js";
import { parseTargetUrl } from "../target/parse.js";
import { discoveryOf, registrarOf } from "./table.js";

const backend = (given: unknown) => given as Backend | BackendLoader;

test("what is no backend is refused by its scheme where it is registered, and an earlier one stays", () => {
  registerBackend("kept", { discovery: () => assert.fail("unused") });
  for (const [given, said] of [
    [1, /^TypeError: the backend "kept" is 1; expected \{ discovery, registrar \}, or a function that loads it$/],
    [null, /the backend "kept" is null; expected/],
    ["kept", /the backend "kept" is "kept"; expected/],
    [{ discovery: 1 }, /discovery of the backend "kept" is 1; expected a function/],
    [{ discovery() {}, parse: "x" }, /parse of the backend "kept" is "x"; expected a function/],
    [{ default: { discovery() {} } }, /the backend "kept" is a module: its loader is to return/],
  ] as const) {
    assert.throws(() => registerBackend("kept", backend(given)), said);
  }
  assert.throws(
    () => registerBackend("kept", {}, { expected: "kept:x" } as unknown as TargetForm),
    /^TypeError: the form of "kept" is an object; expected \{ expected, parse \}$/,
  );
  assert.equal(parseTargetUrl("kept://host:1/order").service, "order");
});

test("a loader that returns a module, or nothing, is told so where the backend is first used", async () => {
  for (const [given, said] of [
    [async () => ({ default: { discovery() {} } }), /the backend "loaded" is a module: its loader is to return/],
    [async () => undefined, /the backend "loaded" is undefined; expected/],
  ] as const) {
    registerBackend("loaded", backend(given));
    await assert.rejects(discoveryOf(parseTargetUrl("loaded://host:1/order")), said);
  }
});

test("a backend that gives no discovery or registrar is named, not what became of it", async () => {
  registerBackend("empty", { discovery: () => undefined as never, registrar: () => ({}) as never });
  const target = { scheme: "empty", hosts: [], service: "a", params: {} };
  await assert.rejects(
    discoveryOf(target),
    /discovery\(\) of the backend "empty" gives is undefined; expected \{ watch \}/,
  );
  await assert.rejects(
    registrarOf(target),
    /registrar\(\) of the backend "empty" gives is an object; expected \{ register \}/,
  );
});

test("a loader runs once for all channels and servers, again when it has failed, and anew when its scheme is registered anew", async () => {
  const target = { scheme: "once", hosts: [], service: "a", params: {} };
  const discovery = () => ({ watch: () => assert.fail("unused") });
  let loads = 0;
  const load = async () => {
    loads += 1;
    if (loads === 1) throw new Error("its library is not installed");
    return { discovery };
  };
  registerBackend("once", load);
  await assert.rejects(discoveryOf(target), /not installed/);
  await Promise.all([discoveryOf(target), discoveryOf(target)]);
  await assert.rejects(registrarOf(target), /cannot register instances/);
  assert.equal(loads, 2);
  registerBackend("once", load);
  await discoveryOf(target);
  assert.equal(loads, 3);
});
