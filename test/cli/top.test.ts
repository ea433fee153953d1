import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, createServer, inspect, type Server, serveDevServer } from "../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { freePort } from "../support/network/ports.js";
import { linesOf, runCli, startCli } from "../support/programs/cli.js";
import { Terminal, terminalSkipReason } from "../support/programs/terminal.js";
import { selfSigned } from "../support/real-parts/kube/certificate.js";

const SERVICE = "topped.rpc";
const registry = new FixtureRegistry("topped");
const runtime = mkdtempSync(join(tmpdir(), "rollcall-top-"));
const elsewhere = { XDG_RUNTIME_DIR: join(runtime, "none") };
const servers: Server[] = [];
let client: EchoClient;
let end: () => Promise<void>;
let devServer: Awaited<ReturnType<typeof serveDevServer>>;
let calling = true;
let calls: Promise<void>;

before(async () => {
  process.env.XDG_RUNTIME_DIR = runtime;
  devServer = await serveDevServer({ Host: "127.0.0.1", Port: 0 });
  for (let i = 0; i < 2; i++) {
    const server: Server = createServer(
      { Name: `topped-${i}`, ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
      (builder) =>
        builder.addService(
          EchoService,
          echoHandlers(() => server.address!),
        ),
      { signals: false, registry: registry.target(SERVICE) },
    );
    await server.start();
    servers.push(server);
  }
  client = createClient(EchoClient, { Target: registry.target(SERVICE) });
  end = await inspect();
  calls = (async () => {
    for (let i = 0; calling; i++) {
      await say(client, { delayMs: 5, ...(i % 4 === 0 && { code: grpc.status.INTERNAL }) }).catch(() => {});
    }
  })();
});

after(async () => {
  calling = false;
  await calls;
  await end();
  client.close();
  await devServer.close();
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(runtime, { recursive: true });
});

test("top shows calls a second, failures and latency by service and instance, of this user's processes", async (t) => {
  const { code, stdout, stderr } = await runCli(t, ["top", "--once", "--json", "--interval", "0.5"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const { services, troubles } = JSON.parse(stdout);
  assert.deepEqual(troubles, []);
  const called = services.find(({ side }: { side: string }) => side === "calls");
  assert.equal(called.service, SERVICE);
  assert.ok(called.callsPerSecond > 1 && called.calls > 1, stdout);
  assert.ok(called.failureRate > 0.05 && called.failureRate < 0.6, stdout);
  assert.ok(called.p50Ms >= 4 && called.p99Ms >= called.p50Ms, stdout);
  assert.deepEqual(
    called.instances.map(({ address }: { address: string }) => address),
    servers.map(({ address }) => address!).sort(),
  );
  const sum = called.instances.reduce((all: number, one: { calls: number }) => all + one.calls, 0);
  assert.equal(sum, called.calls);
  assert.ok(called.instances.every((one: { p50Ms: number }) => one.p50Ms >= 4));
  const served = services.find(({ side }: { side: string }) => side === "serves");
  assert.deepEqual([served.service, served.instances.length], [SERVICE, 2]);
  assert.ok(served.callsPerSecond > 1);

  const table = await runCli(t, ["top", "--once", "--interval", "0.2", "--service", SERVICE]);
  assert.match(table.stdout, /^CALLED +CALLS\/S +FAILED +P50 +P99 +EXPECTED +IN FLIGHT +CALLS +STATE\ntopped\.rpc +/);
  assert.match(table.stdout, /^ {2}127\.0\.0\.1:\d+ +[\d.]+ +\d+/m);
  assert.match(table.stdout, /^SERVED/m);
});

test("a DevServer tells of its calls and of those it serves; one that does not answer is said, with exit code 1", async (t) => {
  const from = `127.0.0.1:${devServer.port}`;
  const one = await runCli(t, ["top", "--once", "--json", "--interval", "0.3", "--from", from], elsewhere);
  assert.equal(one.code, 0, one.stderr);
  const { services } = JSON.parse(one.stdout);
  const [called, served] = services;
  assert.deepEqual([called.side, called.service], ["calls", SERVICE]);
  assert.ok(called.callsPerSecond > 1 && called.failureRate > 0.05 && called.p50Ms > 1, one.stdout);
  assert.deepEqual([served.side, served.service, served.instances[0].address], ["serves", "test.Echo", from]);
  assert.ok(served.callsPerSecond > 1 && served.p99Ms > 1, one.stdout);

  const closed = `127.0.0.1:${await freePort()}`;
  const both = await runCli(t, ["top", "--once", "--interval", "0.1", "--from", `${from},${closed}`], elsewhere);
  assert.equal(both.code, 1);
  assert.match(both.stderr, new RegExp(`^warning: ${closed} cannot be read: ECONNREFUSED\n$`));
  assert.match(both.stdout, /^CALLED/);
  const none = await runCli(t, ["top", "--once", "--from", closed], elsewhere);
  assert.deepEqual([none.code, none.stdout], [1, ""]);
  const nothing = await runCli(t, ["top", "--once"], elsewhere);
  assert.match(nothing.stderr, /^rollcall: nothing to show: .*ROLLCALL_INSPECT=1/);
});

test("go-zero's own metrics are read where gRPC's are missing", async (t) => {
  let scrapes = 0;
  const server = createHttpServer((_request, response) => {
    scrapes += 1;
    response.end(`rpc_server_requests_duration_ms_bucket{method="/shop.Order/Get",le="5"} ${scrapes * 90}
rpc_server_requests_duration_ms_bucket{method="/shop.Order/Get",le="10"} ${scrapes * 100}
rpc_server_requests_duration_ms_bucket{method="/shop.Order/Get",le="+Inf"} ${scrapes * 100}
rpc_server_requests_code_total{method="/shop.Order/Get",code="0"} ${scrapes * 75}
rpc_server_requests_code_total{method="/shop.Order/Get",code="14"} ${scrapes * 25}
`);
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const from = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { stdout } = await runCli(t, ["top", "--once", "--json", "--interval", "0.1", "--from", from], elsewhere);
  const [{ side, service, failureRate, p50Ms, p99Ms, calls }] = JSON.parse(stdout).services;
  assert.deepEqual([side, service, failureRate, calls], ["serves", "shop.Order", 0.25, 200]);
  assert.ok(Math.abs(p50Ms - 2.78) < 0.01 && Math.abs(p99Ms - 9.5) < 0.01, stdout);
});

test("a page without any metric of ours has nothing to show, which is said", async (t) => {
  const server = createHttpServer((_request, response) => response.end("process_cpu_seconds_total 3\n"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  const from = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ended = await runCli(t, ["top", "--once", "--interval", "0.1", "--from", from], elsewhere);
  assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, "", "no calls and no servers yet\n"]);
});

test("metrics behind TLS are asked for by https://, and a certificate that nobody knows is said with the host", async (t) => {
  const { cert, key } = selfSigned();
  const server = createHttpsServer({ cert, key }, (_request, response) => {
    response.end(`rpc_server_requests_code_total{method="/shop.Order/Get",code="0"} 75\n`);
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ["top", "--once", "--json", "--interval", "0.1", "--from", `https://${host}`];
  const known = await runCli(t, args, { ...elsewhere, NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" });
  assert.equal(known.code, 0, known.stderr);
  assert.equal(JSON.parse(known.stdout).services[0].calls, 75);
  const unknown = await runCli(t, args, elsewhere);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, new RegExp(`^rollcall: ${host} cannot be read: .*SELF_SIGNED`));
});

test("into a pipe top writes lines, look for look", async (t) => {
  const child = startCli(t, ["top", "--interval", "0.1", "--service", SERVICE]);
  const lines = linesOf(child);
  for (let n = 0; n < 2; n++) {
    assert.match(
      String((await lines.next()).value),
      /^\d\d:\d\d:\d\d (calls|serves) topped\.rpc .*[\d.,]+\/s, /,
      "every line stands for itself",
    );
  }
  child.stdout!.destroy();
});

test("on a terminal what takes long says what it waits for, and takes it away again", {
  skip: terminalSkipReason(),
}, async (t) => {
  const terminal = new Terminal(t, ["top", "--once", "--interval", "1"]);
  await terminal.ended;
  const { written } = terminal;
  const said = written.indexOf("counting calls for 1 s ...");
  assert.ok(said > 0 && written.indexOf("\r\u001b[K", said) > said, JSON.stringify(written));
  assert.ok(written.indexOf("CALLED") > said);
});

test("on a terminal top is drawn again and again, fits it, and leaves it as it was by q, Ctrl-C and SIGTERM", {
  skip: terminalSkipReason(),
}, async (t) => {
  for (const [how, code] of [
    ["q", 0],
    ["\u0003", 130],
    ["SIGTERM", 143],
  ] as const) {
    const terminal = new Terminal(t, ["top", "--interval", "0.1"], { columns: 40, rows: 7 });
    const lines = await terminal.until((drawn) => drawn.some((line) => /^topped\.rpc +[\d.,]+ +\d+ %/.test(line)));
    assert.ok(lines.length <= 7 && lines.every((line) => line.length <= 40), JSON.stringify(lines));
    assert.match(lines[0]!, /^rollcall top/);
    if (how === "SIGTERM") terminal.kill(how);
    else terminal.send(how);
    assert.deepEqual(await terminal.end(), { code, clean: true }, JSON.stringify(how));
  }
});

test("on a terminal that becomes smaller top fits at once, whenever the next look is", {
  skip: terminalSkipReason(),
}, async (t) => {
  const terminal = new Terminal(t, ["top", "--interval", "3600"], { columns: 100, rows: 24 });
  const isShown = (drawn: readonly string[]) => drawn.some((line) => line.startsWith("topped.rpc"));
  const before = await terminal.until(isShown);
  assert.ok(before.some((line) => line.length > 40));
  terminal.resize(40, 6);
  await terminal.until((drawn) => isShown(drawn) && drawn.length <= 6 && drawn.every((line) => line.length < 40));
  terminal.send("q");
  assert.deepEqual(await terminal.end(), { code: 0, clean: true });
});
