import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { ServerHealth } from "../../src/grpc/server/health-service.js";
import type { Instance } from "../../src/instance.js";
import type { Registration } from "../../src/registry.js";
import { freePort } from "../support/network/ports.js";
import { linesOf, runCli, startCli } from "../support/programs/cli.js";
import { Terminal, terminalSkipReason } from "../support/programs/terminal.js";
import { until } from "../support/until.js";

const skip = terminalSkipReason();

/** A registry, and two servers in it that say what they are told to say of their health. */
async function fleet(t: TestContext) {
  const registry = await startDevRegistry();
  const registrations: Registration[] = [];
  const register = async (instance: Instance) => {
    const registration = await new EtcdRegistrar({ hosts: [registry.endpoint] }).register("order.rpc", instance);
    registrations.push(registration);
    return registration;
  };
  t.after(async () => {
    await Promise.all(registrations.map((registration) => registration.deregister()));
    await registry.close();
  });
  const servers = await Promise.all([serving(t), serving(t)]);
  return { registry, register, servers };
}

async function serving(t: TestContext) {
  const health = new ServerHealth();
  const server = new grpc.Server();
  health.addTo(server);
  health.set("SERVING");
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  t.after(() => server.forceShutdown());
  return { health, address: `127.0.0.1:${port}` };
}

const has =
  (...patterns: RegExp[]) =>
  (lines: readonly string[]) =>
    patterns.every((pattern) => lines.some((line) => pattern.test(line)));

test("on a terminal watch is a table in which joins, leaves and flips of health show as they happen", {
  skip,
}, async (t) => {
  const { registry, register, servers } = await fleet(t);
  const [a, b] = servers;
  await register({ address: a!.address, zone: "eu", metadata: { version: "1.4" } });
  const terminal = new Terminal(t, ["watch", "order.rpc", "--etcd", registry.endpoint], { columns: 120 });
  const [title] = await terminal.until(has(new RegExp(`^${a!.address} +serving +eu +1\\.4 +\\d+ s`)));
  assert.match(title!, /^rollcall watch {2}order\.rpc {2}1 instance/);

  const joined = await register({ address: b!.address, weight: 2 });
  await terminal.until(
    has(new RegExp(`^${b!.address} +joined [\\d.]+ s ago +serving +.*2`), / \+ .* weight 2 \(2 instances\)$/),
  );
  a!.health.set("NOT_SERVING");
  await terminal.until(
    has(new RegExp(`^${a!.address} +not serving`), / ~ .* not serving, was serving \(2 instances\)$/),
  );
  await joined.deregister();
  await terminal.until(has(new RegExp(`^${b!.address} +left: stopped`), / - .* stopped \(1 instance\)$/));
  assert.ok(terminal.written.includes("\u001b[31m"), "in colours");
  terminal.send("q");
  assert.deepEqual(await terminal.end(), { code: 0, clean: true });
});

test("a narrow terminal gets what fits, without colours where NO_COLOR says so", { skip }, async (t) => {
  const { registry, register, servers } = await fleet(t);
  for (const { address } of servers) await register({ address, zone: "a-zone-with-a-long-name", weight: 10 });
  const terminal = new Terminal(t, ["watch", "order.rpc", "--etcd", registry.endpoint], {
    columns: 32,
    rows: 5,
    env: { NO_COLOR: "1" },
  });
  const lines = await terminal.until(has(/^127\.0\.0\.1:\d+ +serving$/));
  assert.ok(lines.length <= 5 && lines.every((line) => line.length < 32), JSON.stringify(lines));
  for (const style of [1, 2, 31, 32, 33]) assert.ok(!terminal.written.includes(`\u001b[${style}m`), `${style}`);
  terminal.send("q");
  assert.deepEqual(await terminal.end(), { code: 0, clean: true });
});

test("the terminal is left as it was by Ctrl-C, SIGTERM, a hang-up and an error, and while it is stopped", {
  skip,
}, async (t) => {
  const { registry } = await fleet(t);
  const args = ["watch", "order.rpc", "--etcd", registry.endpoint];
  for (const [how, code] of [
    ["\u0003", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    const terminal = new Terminal(t, args);
    await terminal.until(has(/^nobody yet$/));
    if (how === "\u0003") terminal.send(how);
    else terminal.kill(how);
    assert.deepEqual(await terminal.end(), { code, clean: true }, JSON.stringify(how));
  }
  const stopped = new Terminal(t, args);
  await stopped.until(has(/^nobody yet$/));
  stopped.send("\u001a");
  await until(() => stopped.isStopped, "it is stopped");
  await until(() => stopped.written.endsWith("\u001b[?1049l"), "the screen is left");
  stopped.kill("SIGCONT");
  await until(() => stopped.written.split("\u001b[?1049h").length === 3, "the screen is back");
  stopped.send("q");
  assert.deepEqual(await stopped.end(), { code: 0, clean: true });

  const closed = `127.0.0.1:${await freePort()}`;
  const failing = new Terminal(t, ["watch", "order.rpc", "--etcd", closed]);
  assert.deepEqual(await failing.end(), { code: 1, clean: true });
  const after = failing.written.slice(failing.written.lastIndexOf("\u001b[?1049l"));
  assert.match(after, new RegExp(`rollcall: .*${closed}`), "the error stands on the terminal that was there before");
});

test("on a terminal the log is readable lines, elsewhere JSON", { skip }, async (t) => {
  const closed = `127.0.0.1:${await freePort()}`;
  const [args, env] = [["ls", "--etcd", closed], { ROLLCALL_LOG_LEVEL: "warn" }];
  const terminal = new Terminal(t, args, { env });
  await terminal.ended;
  const readable = new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} WARN  .*${closed}.*  hosts=\\["${closed}"\\]\\r?$`, "m");
  assert.match(terminal.written, readable);
  assert.doesNotMatch(terminal.written, /"level"/);
  const [line] = (await runCli(t, args, env)).stderr.split("\n");
  assert.deepEqual(JSON.parse(line!).hosts, [closed]);
});

test("into a pipe a flip of health is a line as well", { timeout: 120_000 }, async (t) => {
  const { registry, register, servers } = await fleet(t);
  const [a] = servers;
  await register({ address: a!.address });
  for (const json of [[], ["--json"]]) {
    const child = startCli(t, ["watch", "order.rpc", "--etcd", registry.endpoint, ...json]);
    const lines = linesOf(child);
    await lines.next();
    // Until its health has been heard once there is nothing to flip from.
    const flipping = setInterval(() => {
      a!.health.set("NOT_SERVING");
      a!.health.set("SERVING");
    }, 100);
    t.after(() => clearInterval(flipping));
    const line = String((await lines.next()).value);
    clearInterval(flipping);
    if (json.length === 0) {
      assert.match(line, new RegExp(` ~ ${a!.address} not serving, was serving \\(1 instance\\)$`));
    } else {
      const { change, service, instance, health, before, count } = JSON.parse(line);
      assert.deepEqual(
        [change, service, instance.address, health, before, count],
        [...["health", "order.rpc", a!.address, "not serving", "serving"], 1],
      );
    }
    child.kill("SIGKILL");
  }
});
