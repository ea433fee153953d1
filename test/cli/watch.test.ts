import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { freePort } from "../support/network/ports.js";
import { linesOf, runCli, startCli } from "../support/programs/cli.js";
import { TYPESCRIPT } from "../support/typescript.js";
import { register, registry } from "./registered.js";

test("watch prints one line per change and the count, until it is interrupted", async (t) => {
  const { endpoint } = await registry(t);
  await register(endpoint, "order.rpc", { address: "10.0.0.1:8080" });
  for (const json of [false, true]) {
    const child = startCli(t, ["watch", "order.rpc", "--etcd", endpoint, ...(json ? ["--json"] : [])]);
    const lines = linesOf(child);
    const next = async () => String((await lines.next()).value);
    const seen = [await next()];
    const second = await register(endpoint, "order.rpc", { address: "10.0.0.2:8080", weight: 3, zone: "b" });
    seen.push(await next());
    await second.deregister();
    seen.push(await next());
    if (json) {
      const told = seen.map((line) => JSON.parse(line));
      for (const { time } of told) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 3_600_000);
      assert.deepEqual(
        told.map(({ change, instance, count, reason }) => [change, instance, count, reason]),
        [
          ["listed", { address: "10.0.0.1:8080" }, 1, undefined],
          ["joined", { address: "10.0.0.2:8080", weight: 3, zone: "b" }, 2, undefined],
          ["left", { address: "10.0.0.2:8080", weight: 3, zone: "b" }, 1, "stopped"],
        ],
      );
    } else {
      const [first, joined, left] = seen.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
      assert.equal(first, "= 10.0.0.1:8080 (1 instance)");
      assert.equal(joined, "+ 10.0.0.2:8080 weight 3 zone b (2 instances)");
      assert.equal(left, "- 10.0.0.2:8080 weight 3 zone b stopped (1 instance)");
    }
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [null, "SIGINT"]);
  }
});

test("watch of what keys begin with says that it takes a whole one", async (t) => {
  const { endpoint } = await registry(t);
  const child = startCli(t, ["watch", "prod/", "--etcd", endpoint]);
  const [said] = await once(child.stderr!.setEncoding("utf8"), "data");
  assert.match(said, /no instance of prod\/ yet \(watch takes a whole key; `rollcall ls prod\/` shows those below\)/);
});

test("watch tells on standard error that the registry is away and back, and goes on", async (t) => {
  const port = await freePort();
  const first = await startDevRegistry({ port });
  const child = startCli(t, ["watch", "order.rpc", "--etcd", `127.0.0.1:${port}`]);
  const heard = (async function* () {
    for await (const chunk of child.stderr!.setEncoding("utf8")) yield* String(chunk).trim().split("\n");
  })();
  const lines = linesOf(child);
  assert.equal((await heard.next()).value, "no instance of order.rpc yet");
  await first.close();
  assert.match(String((await heard.next()).value), new RegExp(`! .*127\\.0\\.0\\.1:${port}`));
  const second = await startDevRegistry({ port });
  t.after(() => second.close());
  second.put("order.rpc/1", "10.0.0.1:8080");
  assert.match((await lines.next()).value, /\+ 10\.0\.0\.1:8080 \(1 instance\)$/);
});

/** A process of its own that is registered under a short lease, so that it can be killed. */
async function registeredProcess(t: TestContext, endpoint: string, service: string, address: string) {
  const program = `
    import { EtcdRegistrar } from ${JSON.stringify(new URL("../../src/backends/etcd/index.ts", import.meta.url).href)};
    await new EtcdRegistrar({ hosts: ["${endpoint}"], ttlSeconds: 4 }).register("${service}", { address: "${address}" });
    console.log("registered");
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, [...TYPESCRIPT, "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "silent" },
  });
  t.after(() => child.kill("SIGKILL"));
  await linesOf(child).next();
  return child;
}

test("watch without a key shows everything, and says of each leave why", async (t) => {
  const { endpoint, put, delete: remove } = await registry(t);
  await register(endpoint, "pay.rpc", { address: "10.0.0.1:8080" });
  const stopping = await register(endpoint, "pay.rpc", { address: "10.0.0.2:8080" });
  const killed = await registeredProcess(t, endpoint, "order.rpc", "10.0.0.3:8080");
  put("mail.rpc/1", "10.0.0.4:8080");
  put("mail.rpc/2", "hunter2");

  const lines = linesOf(startCli(t, ["watch", "--json", "--etcd", endpoint]));
  const next = async () => {
    const { change, service, instance, reason, count } = JSON.parse((await lines.next()).value);
    return [change, service, instance.address, count, reason].filter((fact) => fact !== undefined).join(" ");
  };
  assert.deepEqual([await next(), await next(), await next(), await next()].sort(), [
    "listed mail.rpc 10.0.0.4:8080 1",
    "listed order.rpc 10.0.0.3:8080 1",
    "listed pay.rpc 10.0.0.1:8080 2",
    "listed pay.rpc 10.0.0.2:8080 2",
  ]);
  await stopping.deregister();
  assert.equal(await next(), "left pay.rpc 10.0.0.2:8080 1 stopped");
  remove("mail.rpc/1");
  assert.equal(await next(), "left mail.rpc 10.0.0.4:8080 0 deleted");
  const paused = await runCli(t, ["pause", "pay.rpc", "10.0.0.1:8080", "--json", "--etcd", endpoint]);
  assert.deepEqual(JSON.parse(paused.stdout), {
    service: "pay.rpc",
    address: "10.0.0.1:8080",
    changed: true,
    listed: 0,
  });
  assert.match(paused.stderr, /^warning: no instance of pay\.rpc is listed now/);
  assert.equal(await next(), "left pay.rpc 10.0.0.1:8080 0 paused");
  killed.kill("SIGKILL");
  assert.equal(await next(), "left order.rpc 10.0.0.3:8080 0 expired");
});
