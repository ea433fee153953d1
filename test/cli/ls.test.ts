import assert from "node:assert/strict";
import { test } from "node:test";
import { createServer as createRpcServer } from "../../src/index.js";
import { freePort } from "../support/network/ports.js";
import { linesOf, runCli, startCli } from "../support/programs/cli.js";
import { register, registry } from "./registered.js";

test("ls shows each registration with its address, id, lease and facts", async (t) => {
  const { endpoint, put } = await registry(t);
  await register(endpoint, "order.rpc", { address: "10.0.0.1:8080", weight: 2, zone: "a" });
  put("order.rpc2/7", "10.0.0.2:8080");
  put("order.rpc2/8", "hunter2\u001b[31m");

  const table = await runCli(t, ["ls", "--no-health", "--etcd", endpoint]);
  assert.equal(table.stderr, "");
  assert.equal(table.code, 0);
  const [header, first, second, third] = table.stdout.split("\n");
  assert.match(header!, /^SERVICE +ADDRESS +ID +TTL +AGE +WEIGHT +ZONE +PROBLEM$/);
  assert.match(first!, /^order\.rpc +10\.0\.0\.1:8080 +\d+ +\d+\/10 s +[\d.]+ s +2 +a$/);
  assert.match(second!, /^order\.rpc2 +10\.0\.0\.2:8080 +7 +no lease$/);
  assert.match(third!, /^order\.rpc2 +8 +no lease +no instance: a value of 12 bytes, not shown$/);
  assert.doesNotMatch(table.stdout, /hunter2/);

  const json = await runCli(t, ["ls", "order.rpc/", "--json", "--no-health"], { ETCD_ENDPOINTS: endpoint });
  const [row, ...others] = JSON.parse(json.stdout);
  assert.deepEqual(others, []);
  assert.match(row.lease, /^\d+$/);
  assert.equal(row.id, row.lease);
  assert.deepEqual(
    { ...row, id: "", key: "", lease: "", ttlSeconds: 0, ageSeconds: 0 },
    {
      service: "order.rpc",
      address: "10.0.0.1:8080",
      weight: 2,
      zone: "a",
      id: "",
      key: "",
      lease: "",
      ttlSeconds: 0,
      grantedTtlSeconds: 10,
      ageSeconds: 0,
    },
  );

  const nothing = await runCli(t, ["ls", "pay", "--etcd", endpoint]);
  assert.deepEqual([nothing.code, nothing.stdout], [0, ""]);
  assert.equal(nothing.stderr, `nothing is registered under "pay" in etcd at ${endpoint}\n`);
});

test("ls and watch take the URL of any target", async (t) => {
  const { endpoint, put } = await registry(t);
  put("order.rpc/1", "10.0.0.1:8080");
  put("order.rpc2/1", "10.0.0.2:8080");
  const direct = await runCli(t, ["ls", "--no-health", "direct:///10.0.0.1:8080,10.0.0.2:8080"]);
  assert.deepEqual(
    direct.stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ +/)),
    [
      ["SERVICE", "ADDRESS"],
      ["10.0.0.1:8080,10.0.0.2:8080", "10.0.0.1:8080"],
      ["10.0.0.1:8080,10.0.0.2:8080", "10.0.0.2:8080"],
    ],
  );
  const url = await runCli(t, ["ls", "--json", `DISCOV:///${endpoint}?key=order.rpc`]);
  assert.deepEqual(
    JSON.parse(url.stdout).map(({ address }: { address: string }) => address),
    ["10.0.0.1:8080"],
  );
  for (const all of [`etcd:///${endpoint}`, `etcd://${endpoint}/`, `discov:///${endpoint}?key=`]) {
    const { stdout } = await runCli(t, ["ls", "--json", "--no-health", all]);
    const found = JSON.parse(stdout).map(({ address }: { address: string }) => address);
    assert.deepEqual(found, ["10.0.0.1:8080", "10.0.0.2:8080"], all);
  }
  for (const what of [`etcd:///${endpoint}?key=order.rpc`, "direct:///10.0.0.1:8080"]) {
    const line = String((await linesOf(startCli(t, ["watch", what])).next()).value);
    assert.match(line, / = 10\.0\.0\.1:8080 \(1 instance\)$/, what);
  }
});

test("many leases are listed without a warning of Node's, and many keys of one address as one line", async (t) => {
  const { endpoint, put } = await registry(t);
  for (let i = 0; i < 15; i++) {
    await register(endpoint, "order.rpc", { address: `10.0.1.${i}:8080` }, 60 + i);
  }
  for (let i = 0; i < 3_000; i++) put(`pay.rpc/${i}`, "10.0.0.9:8080");
  const { stdout, stderr, code } = await runCli(t, ["ls", "--etcd", endpoint]);
  assert.deepEqual([stderr, code], ["", 0]);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 1 + 15 + 1);
  assert.match(lines.at(-1)!, /^pay\.rpc +10\.0\.0\.9:8080 +\(3000 keys\) .*one address under many keys$/);
});

test("ls shows health, duplicates, pauses and versions", async (t) => {
  const { endpoint, put } = await registry(t);
  const server = createRpcServer({ Name: "order", ListenOn: "127.0.0.1:0" }, () => {}, { signals: false });
  await server.start();
  t.after(() => server.stop());
  const closed = `127.0.0.1:${await freePort()}`;
  await register(endpoint, "order.rpc", { address: server.address!, metadata: { version: "1.4", build: "7" } });
  put("order.rpc/1", closed);
  put("order.rpc/2", closed);
  await register(endpoint, "order.rpc", { address: "10.0.0.9:1" });
  await runCli(t, ["pause", "order.rpc", "10.0.0.9:1", "--etcd", endpoint]);
  const { stdout } = await runCli(t, ["ls", "order.rpc/", "--etcd", endpoint]);
  const of = (address: string) => stdout.split("\n").filter((line) => line.includes(` ${address} `));
  assert.match(stdout, /^SERVICE +ADDRESS +ID +TTL +AGE +STATE +HEALTH +VERSION +METADATA\n/);
  assert.match(of(server.address!)[0]!, /serving +1\.4 +build=7$/);
  assert.equal(of(closed).length, 2);
  for (const line of of(closed)) assert.match(line, /duplicate \(2 keys\) +unreachable$/);
  assert.match(of("10.0.0.9:1")[0]!, / paused /);
  const json = JSON.parse((await runCli(t, ["ls", "order.rpc/", "--json", "--etcd", endpoint])).stdout);
  const row = json.find(({ address }: { address: string }) => address === server.address);
  assert.equal(row.health, "serving");
  assert.equal(json.filter(({ duplicates }: { duplicates?: number }) => duplicates === 2).length, 2);
});
