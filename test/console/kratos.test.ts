import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FleetFeed } from "../../src/console/fleet-feed.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { createClient, createServer, inspect } from "../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { until } from "../support/until.js";

test("the calls to a service of Kratos' layout are those of the instances that are listed", async (t) => {
  process.env.XDG_RUNTIME_DIR = mkdtempSync(join(tmpdir(), "rollcall-console-"));
  const registry = await startDevRegistry();
  const Etcd = { Hosts: [registry.endpoint], Key: "order", Layout: "kratos" as const };
  const server = createServer(
    { Name: "order", ListenOn: "127.0.0.1:0", Etcd, Shutdown: { WrapUpTime: 0 } },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => ""),
      ),
    { signals: false },
  );
  await server.start();
  const client = createClient(EchoClient, { Etcd });
  const uninspect = await inspect();
  const feed = new FleetFeed({ etcd: { hosts: [registry.endpoint] }, prefix: "", health: false });
  t.after(async () => {
    feed.close();
    client.close();
    await uninspect();
    await server.stop();
    await registry.close();
    rmSync(process.env.XDG_RUNTIME_DIR!, { recursive: true, force: true });
  });
  await until(async () => {
    await say(client);
    const [row] = feed.fleet.rows;
    return row?.stats?.callsPerSecond !== undefined && row.stats.callsPerSecond > 0;
  }, "the instance has its calls");
  const service = "/microservices/order";
  assert.deepEqual(
    feed.fleet.rows.map((row) => [row.service, row.address]),
    [[service, server.address]],
  );
  assert.deepEqual(
    feed.fleet.nodes.map(({ name, kind }) => [name, kind]),
    [[service, "service"]],
  );
  assert.deepEqual(
    feed.fleet.edges.map(({ from, to }) => [from, to]),
    [[`service:${service}`, `service:${service}`]],
  );
});
