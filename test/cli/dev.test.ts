import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { linesOf, runCli, startCli } from "../support/programs/cli.js";

test("dev says what it exposes when others can reach it", { timeout: 60_000 }, async (t) => {
  const child = startCli(t, ["dev", "--port", "0", "--host", "0.0.0.0"]);
  const lines = createInterface(child.stderr!)[Symbol.asyncIterator]();
  const said = [(await lines.next()).value, (await lines.next()).value].join("\n");
  assert.match(said, /warning: it listens on all interfaces: .*without a password and without TLS/);
  child.kill("SIGTERM");
});

test("dev serves an etcd until it is told to end, and says when the port is taken", async (t) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const child = startCli(t, ["dev", "--port", "0"]);
    const endpoint = String((await linesOf(child).next()).value);
    assert.match(endpoint, /^127\.0\.0\.1:\d+$/);
    const registration = await new EtcdRegistrar({ hosts: [endpoint] }).register("order.rpc", {
      address: "10.0.0.1:8080",
    });
    t.after(() => registration.deregister());
    assert.match((await runCli(t, ["ls", "--etcd", endpoint])).stdout, /order\.rpc +10\.0\.0\.1:8080/);

    const port = endpoint.split(":")[1]!;
    const second = await runCli(t, ["dev", "--port", port]);
    assert.equal(second.code, 1);
    assert.match(
      second.stderr,
      new RegExp(`^rollcall: cannot listen on 127\\.0\\.0\\.1, port ${port}: .*try --port 0\n$`),
    );

    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), [0, null]);
  }
});

test("a host that is no address of this machine is told as that, not as a port that is taken", async (t) => {
  const { code, stderr } = await runCli(t, ["dev", "--host", "192.0.2.1"]);
  assert.equal(code, 1);
  assert.match(stderr, /^rollcall: cannot listen on 192\.0\.2\.1, .*; --host takes an address of this machine\n$/);
});
