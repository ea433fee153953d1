import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, setLogger } from "../../src/index.js";
import { logMinute } from "../../src/observe/minute-log.js";
import { EchoClient, say } from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";
import { type CountingServer, startFleet } from "./fleet.js";

interface Line {
  readonly facts: Record<string, unknown>;
  readonly message: string;
}

const registry = new FixtureRegistry("logged");
const lines: Line[] = [];
let fleet: CountingServer[];
let client: EchoClient;

before(async () => {
  const keep = (facts: object, message: string) => lines.push({ facts: { ...facts }, message });
  setLogger({ debug: () => {}, info: keep, warn: keep, error: keep }, "info");
  fleet = await startFleet(registry, "logged.rpc", 2);
  client = createClient(EchoClient, { Target: registry.target("logged.rpc") });
});

after(async () => {
  client.close();
  await Promise.all(fleet.map(({ server }) => server.stop()));
});

test("a minute's statistics are one line a service, with what was called in that minute", async () => {
  for (let i = 0; i < 20; i++) await say(client);
  await assert.rejects(say(client, { code: grpc.status.INTERNAL }));
  const statistics = () => lines.filter(({ message }) => message === "statistics of the last minute");
  logMinute();
  assert.equal(statistics().length, 1);
  const { facts } = statistics()[0]!;
  assert.equal(facts.service, "logged.rpc");
  assert.deepEqual([facts.calls, facts.failures, facts.ready], [21, 1, 2]);
  assert.ok(Number(facts.medianMs) > 0 && Number(facts.p99Ms) >= Number(facts.medianMs));
  assert.equal((facts.instances as unknown[]).length, 2);
  logMinute();
  assert.equal(statistics().length, 1, "a minute without calls says nothing");
  await say(client);
  logMinute();
  assert.equal(statistics()[1]!.facts.calls, 1);
});

test("joins and leaves are one line, however many", async () => {
  const changes = () => lines.filter(({ message }) => message.startsWith("instances changed"));
  assert.match(changes()[0]!.message, /2 joined, 0 left/);
  await fleet[0]!.server.stop();
  await until(() => changes().some(({ message }) => /0 joined, 1 left/.test(message)), "a leave is told");
  assert.deepEqual(changes().at(-1)!.facts.left, [fleet[0]!.address]);
});
