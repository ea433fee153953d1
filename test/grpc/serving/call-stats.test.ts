import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { checkServerConfig } from "../../../src/config/check.js";
import { CallStats } from "../../../src/grpc/server/call-stats.js";
import { createClient, createServer, type Server, type ServerConfig, setLogger } from "../../../src/index.js";
import { logMinute } from "../../../src/observe/minute-log.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";

const ignore = () => {};

test("a call that took longer than SlowThreshold is logged by method and caller, without what it carried", async (t) => {
  const { client, slow } = await serving(t, { Middlewares: { StatConf: { SlowThreshold: 50 } } });
  await say(client, { text: "quick" });
  await say(client, { text: "a secret", delayMs: 80 });
  assert.equal(slow.length, 1);
  const [{ method, peer, ms, limitMs }] = slow as [Record<string, unknown>];
  assert.deepEqual([method, limitMs], ["/test.Echo/Say", 50]);
  assert.match(String(peer), /^127\.0\.0\.1:\d+$/);
  assert.ok(Number(ms) > 50);
  assert.doesNotMatch(JSON.stringify(slow), /secret/);
});

test("Stat: false logs nothing of calls", async (t) => {
  const { client, slow } = await serving(t, { Middlewares: { Stat: false, StatConf: { SlowThreshold: 1 } } });
  await say(client, { delayMs: 20 });
  assert.deepEqual(slow, []);
});

test("Log.Stat: false writes no statistics, of served and of made calls; slow calls it leaves", async (t) => {
  const lines: string[] = [];
  const { client, slow } = await serving(t, { Log: { Stat: false }, Middlewares: { StatConf: { SlowThreshold: 1 } } });
  await say(client, { delayMs: 20 });
  assert.equal(slow.length, 1);
  const keep = (_: object, message: string) => void lines.push(message);
  setLogger({ debug: ignore, info: keep, warn: keep, error: keep });
  const stats = new CallStats(checkServerConfig({ Name: "order.rpc", ListenOn: ":0", Log: { Stat: false } }));
  stats.ended({ path: "/a.B/C", ms: 1, peer: "10.0.0.1:1" });
  await stats.report(60_000);
  logMinute();
  assert.deepEqual(lines, []);
});

test("MetricsUrl gets the numbers in go-zero's form; where it fails that is said once", async (t) => {
  let status = 200;
  const reports: Record<string, number | string>[] = [];
  const receiver = createHttpServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    reports.push(JSON.parse(body) as Record<string, number>);
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  t.after(() => receiver.close());
  const MetricsUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/report`;
  const warnings: string[] = [];
  const lines: object[] = [];
  setLogger({
    debug: ignore,
    info: (facts) => lines.push(facts),
    warn: (_, message) => warnings.push(message),
    error: ignore,
  });

  const stats = new CallStats(checkServerConfig({ Name: "order.rpc", ListenOn: ":0", MetricsUrl }));
  for (let ms = 1; ms <= 600; ms++) stats.ended({ path: "/a.B/C", ms, peer: "10.0.0.1:1" });
  stats.ended({ path: "/grpc.health.v1.Health/Check", ms: 10_000, peer: "10.0.0.1:1" });
  warnings.length = 0;
  await stats.report(60_000);
  const { name, pid, qps, drops, avg, med, t90, t99, t99p9 } = reports[0]!;
  assert.deepEqual([name, pid, qps, drops, avg], ["order.rpc", process.pid, 10, 0, 300.5]);
  for (const [seen, expected] of [
    [med, 300],
    [t90, 540],
    [t99, 594],
    [t99p9, 600],
  ] as const) {
    assert.ok(Math.abs(Number(seen) / expected - 1) < 0.011, `${seen} for ${expected}`);
  }
  assert.equal(lines.length, 1);

  status = 500;
  await stats.report(60_000);
  await stats.report(60_000);
  assert.deepEqual(warnings, ["MetricsUrl does not take reports; trying again every minute"]);
  assert.deepEqual([reports.length, reports[2]!.qps], [3, 0]);
  assert.equal(lines.length, 1, "a minute without calls needs no line");
});

async function serving(t: TestContext, config: Partial<ServerConfig>) {
  const slow: object[] = [];
  const warn = (facts: object, message: string) => message === "slow call" && slow.push(facts);
  setLogger({ debug: ignore, info: ignore, warn, error: ignore });
  const server: Server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 }, ...config },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
    { signals: false },
  );
  await server.start();
  const client = createClient(EchoClient, { Endpoints: [server.address!], Middlewares: { Duration: false } });
  t.after(async () => {
    client.close();
    await server.stop();
  });
  return { client, slow };
}
