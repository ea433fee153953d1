import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, setLogger } from "../../../src/index.js";
import { HealthCheckResponse_ServingStatus as Status } from "../../../src/proto/health.js";
import { EchoClient, say, tally } from "../../support/echo.js";
import { startBlackHole } from "../../support/network/black-hole.js";
import { freePort } from "../../support/network/ports.js";
import { startHealthServer } from "../../support/real-parts/health-server.js";
import { TYPESCRIPT } from "../../support/typescript.js";
import { until } from "../../support/until.js";
import { gatherWarnings } from "../../support/warnings.js";

const PROGRAM = new URL("../programs/cluster.ts", import.meta.url).pathname;

/** Three processes behind one port. */
async function startCluster(t: TestContext) {
  const port = await freePort();
  const child = spawn(process.execPath, [...TYPESCRIPT, PROGRAM], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, PORT: String(port) },
  });
  t.after(async () => {
    const exited = once(child, "exit");
    child.stdin.end();
    await exited;
  });
  await once(createInterface(child.stdout), "line");
  return { address: `127.0.0.1:${port}`, drain: (worker: string) => child.stdin.write(`drain ${worker}\n`) };
}

/** A client of ours and one of grpc-js alone. */
function clients(t: TestContext, address: string) {
  const ours = createClient(EchoClient, { Endpoints: [address], Timeout: 10_000 });
  const plain = new EchoClient(address, grpc.credentials.createInsecure());
  t.after(() => {
    ours.close();
    plain.close();
  });
  return { ours, plain };
}

test("one of several processes behind an address drains: no call fails, and another process is found that serves", async (t) => {
  const { address, drain } = await startCluster(t);
  const { ours, plain } = clients(t, address);
  const { instance: draining } = await say(ours);
  drain(draining);
  let calls = 0;
  const moved = async () => {
    calls += 2;
    await say(plain);
    return (await say(ours)).instance !== draining;
  };
  await until(moved, "the calls go to another process");
  t.diagnostic(`${calls} calls of both clients, none failed`);
  const after = await tally(ours, 50, 5);
  assert.equal(after.get(draining), undefined, "and stay there");
});

test("when every process says NOT_SERVING they are called all the same, as by grpc-js alone, with one warning", async (t) => {
  const warnings = gatherWarnings();
  const server = await startHealthServer((call) => call.write({ status: Status.SERVING }));
  t.after(() => server.stop());
  const { ours, plain } = clients(t, server.address);
  await say(ours);
  server.tell(Status.NOT_SERVING);
  await until(() => warnings.length > 0, "it is said");
  for (let i = 0; i < 20; i++) assert.deepEqual(await say(ours), await say(plain));
  server.tell(Status.SERVING);
  for (let i = 0; i < 20; i++) await say(ours);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!.message,
    /no instance of .* says that it serves: those that are connected are called all the same/,
  );
});

test("with MaxSetAside: 1, as long as one instance serves, those that say NOT_SERVING get no call", async (t) => {
  // Asked through a second connection, those that drain say so again.
  let others: Status = Status.SERVING;
  const servers = await Promise.all([
    startHealthServer((call) => call.write({ status: Status.SERVING })),
    ...[2, 3].map(() => startHealthServer((call) => call.write({ status: others }))),
  ]);
  for (const server of servers) t.after(() => server.stop());
  const [serving, ...draining] = servers;
  const endpoints = servers.map(({ address }) => address);
  const ours = createClient(EchoClient, { Endpoints: endpoints, Timeout: 10_000, MaxSetAside: 1 });
  t.after(() => ours.close());
  await until(async () => (await tally(ours, 30, 5)).size === 3, "all are used");
  const told = new Set<unknown>();
  const info = (facts: { health?: string; instance?: string }) => {
    if (facts.health === "not serving") told.add(facts.instance);
  };
  setLogger({ debug() {}, info, warn() {}, error() {} });
  others = Status.NOT_SERVING;
  for (const server of draining) server.tell(others);
  await until(() => told.size === draining.length, "the client has been told by both");
  await until(async () => (await tally(ours, 20, 5)).size === 1, "one is left");
  assert.deepEqual([...(await tally(ours, 100, 10)).keys()], [serving!.address]);
});

test("an instance that is up and NOT_SERVING is used where the others do not answer", async (t) => {
  const server = await startHealthServer((call) => call.write({ status: Status.NOT_SERVING }));
  t.after(() => server.stop());
  const hole = await startBlackHole();
  t.after(() => hole.stop());
  const ours = createClient(EchoClient, { Endpoints: [hole.address, server.address], Timeout: 8_000 });
  t.after(() => ours.close());
  assert.equal((await say(ours)).instance, server.address);
});
