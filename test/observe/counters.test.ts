import assert from "node:assert/strict";
import { test } from "node:test";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { createClient, createServer } from "../../src/index.js";
import { GAUGES } from "../../src/observe/metrics/gauges.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { until } from "../support/until.js";

const SERVICE = "counted.rpc";

function read(name: string, label: string, of: string): number {
  const gauge = GAUGES.find((one) => one.name === name) ?? assert.fail(`there is no ${name}`);
  return [...gauge.read()].find(({ labels }) => labels[label] === of)?.value ?? 0;
}

test("leases, registrations and connections are counted: made, renewed, lost and made anew", async () => {
  const registry = await startDevRegistry({ minLeaseTtl: 1 });
  const Etcd = { Hosts: [registry.endpoint], Key: SERVICE };
  const server = createServer(
    { Name: SERVICE, ListenOn: "127.0.0.1:0", Etcd: { ...Etcd, TTL: 1_000 } },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => "a"),
      ),
    { signals: false },
  );
  await server.start();
  const client = createClient(EchoClient, { Etcd });
  await say(client);
  try {
    const service = (name: string) => read(name, "service", SERVICE);
    const etcd = (name: string) => read(name, "backend", "etcd");
    assert.equal(service("rollcall.server.registrations"), 1);
    assert.equal(service("rollcall.client.connections_opened"), 1);
    assert.equal(service("rollcall.client.connections_lost"), 0);
    await until(() => etcd("rollcall.registry.lease_renewals") >= 2, "the lease is renewed");
    assert.ok(etcd("rollcall.registry.watch_silence") < 10);

    registry.faults.expireLeases();
    await until(() => service("rollcall.server.registrations") === 2, "it is listed again");
    assert.equal(service("rollcall.server.registrations_lost"), 1);
    assert.ok(etcd("rollcall.registry.leases_lost") >= 1);
    assert.ok(etcd("rollcall.registry.leases_granted") >= 2);

    await server.stop();
    assert.equal(service("rollcall.server.registrations_lost"), 1, "a stop is no loss");
  } finally {
    client.close();
    await server.stop();
    await registry.close();
  }
});
