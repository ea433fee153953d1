import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, openSync } from "node:fs";
import { test } from "node:test";
import { endOf, runCli, startCli } from "../support/programs/cli.js";
import { registry } from "./registered.js";

test("no terminal is steered by what stands in the registry, by --json neither", async (t) => {
  const { endpoint, put } = await registry(t);
  const steering = "\u001b[2J\u009b31m\u202e";
  put("order.rpc/1", JSON.stringify({ Op: 0, Addr: "10.0.0.1:8080", Metadata: { note: steering } }));
  put(`order.rpc/2${steering}`, "10.0.0.2:8080");
  for (const args of [["ls"], ["ls", "--json"], ["ls", `x${steering}`]]) {
    const { stdout, stderr } = await runCli(t, [...args, "--etcd", endpoint]);
    assert.doesNotMatch((stdout + stderr).replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u, args.join(" "));
  }
});

test("output that cannot be written is said, with exit code 1", {
  skip: !existsSync("/dev/full") && "no /dev/full",
}, async (t) => {
  const { endpoint, put } = await registry(t);
  put("order.rpc/1", "10.0.0.1:8080");
  const child = startCli(t, ["ls", "--etcd", endpoint], {}, openSync("/dev/full", "w"));
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  assert.deepEqual((await once(child, "close"))[0], 1);
  assert.match(said, /^rollcall: the output cannot be written: /);
});

test("a reader that goes away ends ls quietly", async (t) => {
  const { endpoint, put } = await registry(t);
  for (let i = 0; i < 2_000; i++) put(`order.rpc/${i}`, `10.0.${i >> 8}.${i & 255}:8080`);
  const child = startCli(t, ["ls", "--etcd", endpoint]);
  const ended = endOf(child);
  child.stdout!.destroy();
  const { code, stderr } = await ended;
  assert.deepEqual([code, stderr], [0, ""]);
});

test("colour is for terminals: none in a pipe, none with NO_COLOR, forced by FORCE_COLOR", async (t) => {
  const { endpoint, put } = await registry(t);
  put("order.rpc/1", "10.0.0.1:8080");
  const ls = ["ls", "--no-health", "--etcd", endpoint];
  const has = async (env: NodeJS.ProcessEnv, args = ls) => (await runCli(t, args, env)).stdout.includes("\u001b[");
  assert.equal(await has({}), false);
  assert.equal(await has({ FORCE_COLOR: "1" }), true);
  assert.equal(await has({ FORCE_COLOR: "1", NO_COLOR: "1" }), false);
  assert.equal(await has({ FORCE_COLOR: "1" }, [...ls, "--json"]), false);
});
