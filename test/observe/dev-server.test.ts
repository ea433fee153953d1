import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { createClient, createServer, type Server, serveDevServer, setLogger } from "../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";

const SERVICE = "scraped.rpc";
const registry = new FixtureRegistry("scraped");
const lines: string[] = [];
let server: Server;
let client: EchoClient;

before(async () => {
  const keep = (_facts: object, message: string) => lines.push(message);
  setLogger({ debug: () => {}, info: keep, warn: keep, error: keep }, "info");
  server = createServer(
    {
      Name: SERVICE,
      ListenOn: "127.0.0.1:0",
      DevServer: { Host: "127.0.0.1", Port: 0 },
      CpuThreshold: 0, // a starved machine is to refuse nothing here
      Shutdown: { WrapUpTime: 2_000, WaitTime: 5_000 }, // the last test calls in between
    },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
    { signals: false, registry: registry.target(SERVICE) },
  );
  await server.start();
  client = createClient(EchoClient, { Target: registry.target(SERVICE) });
});

after(async () => {
  client.close();
  await server.stop();
});

const url = (path: string) => `http://127.0.0.1:${server.devServerPort}${path}`;

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
function parse(text: string): Sample[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name, inner = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? assert.fail(line);
      const pairs = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
      return { name: name!, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

async function scrape(): Promise<Sample[]> {
  const response = await fetch(url("/metrics"));
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /^text\/plain/);
  return parse(await response.text());
}

function value(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))
    .reduce((sum, one) => sum + one.value, 0);
}

test("/metrics under load agrees with the calls that were made, under our names and under go-zero's", async () => {
  let ok = 0;
  let failed = 0;
  const scraped = scrape();
  await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      for (let n = 0; n < 30; n++) {
        if ((n + i) % 10 === 0) {
          await assert.rejects(say(client, { code: grpc.status.INTERNAL }));
          failed += 1;
        } else {
          await say(client);
          ok += 1;
        }
      }
    }),
  );
  await scraped;
  const samples = await scrape();
  const path = EchoService.say.path;
  const method = path.slice(1);
  for (const side of ["client", "server"]) {
    assert.equal(value(samples, `rpc_${side}_requests_code_total`, { method: path, code: "0" }), ok, side);
    assert.equal(value(samples, `rpc_${side}_requests_code_total`, { method: path, code: "13" }), failed);
    assert.equal(value(samples, `rpc_${side}_requests_duration_ms_count`, { method: path }), ok + failed);
    assert.equal(value(samples, `grpc_${side}_call_duration_seconds_count`, { grpc_method: method }), ok + failed);
    assert.equal(
      value(samples, `grpc_${side}_call_duration_seconds_count`, { grpc_method: method, grpc_status: "INTERNAL" }),
      failed,
    );
  }
  const buckets = samples.filter(({ name }) => name === "rpc_server_requests_duration_ms_bucket");
  assert.deepEqual(
    buckets.map(({ labels }) => labels.le),
    ["1", "2", "5", "10", "25", "50", "100", "250", "500", "1000", "2000", "5000", "+Inf"],
  );
  assert.equal(value(samples, "grpc_client_attempt_started_total", { grpc_method: method }), ok + failed);
  assert.equal(value(samples, "rollcall_client_attempts_total", { service: SERVICE }), ok + failed);
  assert.equal(value(samples, "rollcall_client_failures_total", { service: SERVICE }), failed);
  assert.equal(value(samples, "rollcall_client_instances", { service: SERVICE, state: "serving" }), 1);
  assert.equal(value(samples, "rollcall_server_listed", { name: SERVICE }), 1);
});

test("what a server sent and received, in bytes, is what its client received and sent, of streams as well", async () => {
  const stream = client.chat();
  for (const text of ["a", "longer".repeat(1_000)]) stream.write({ text });
  stream.end();
  for await (const reply of stream) assert.ok(reply.text);
  await say(client, { text: "once more" });
  const side = (samples: readonly Sample[], name: string, method: string) => {
    const of = (what: string) =>
      value(samples, `grpc_${name}_total_compressed_message_size_bytes_${what}`, { grpc_method: method });
    return [of("count"), of("sum")];
  };
  await until(async () => {
    const samples = await scrape();
    return ["test.Echo/Chat", "test.Echo/Say"].every((method) => {
      const [sent, received] = [side(samples, "server_call_sent", method), side(samples, "server_call_rcvd", method)];
      const isAll = (ours: number[], theirs: number[]) => ours[1]! > 0 && ours.join() === theirs.join();
      return (
        isAll(sent, side(samples, "client_attempt_rcvd", method)) &&
        isAll(received, side(samples, "client_attempt_sent", method))
      );
    });
  }, "both sides agree");
});

test("nothing but metrics and health is served: no state, no decisions, no orders", async () => {
  for (const path of ["/", "/state", "/decisions", "/recording", "/debug/pprof"]) {
    const response = await fetch(url(path));
    assert.deepEqual(await response.json(), ["/healthz", "/metrics"], path);
  }
  const post = await fetch(url("/metrics"), { method: "POST" });
  assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  const head = await fetch(url("/metrics"), { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const text = await (await fetch(url("/metrics"))).text();
  assert.ok(!text.includes(server.address!), "no instance is named");
});

test("1,000 instances that come and go leave the number of series bounded", async () => {
  const churning = createClient(EchoClient, { Target: registry.target("churned.rpc"), Timeout: 30 });
  const sizes: number[] = [];
  for (let round = 0; round < 20; round++) {
    registry.list(
      "churned.rpc",
      Array.from({ length: 50 }, (_, i) => `127.8.${round}.${i + 1}:9`),
    );
    await say(churning).catch(() => {});
    sizes.push((await scrape()).length);
  }
  assert.ok(sizes.at(-1)! <= sizes[1]! + 100, `${sizes.join(" ")} series`);
  churning.close();
});

test("a port that is taken is said, and the server serves all the same", async () => {
  const other = createServer(
    { ListenOn: "127.0.0.1:0", DevServer: { Host: "127.0.0.1", Port: server.devServerPort! } },
    () => {},
    { signals: false },
  );
  await other.start();
  assert.equal(other.devServerPort, undefined);
  assert.ok(
    lines.some((line) => /DevServer cannot listen.*EADDRINUSE.*set another DevServer.Port/.test(line)),
    lines.join("\n"),
  );
  await other.stop();
});

test("a host that is no address of this machine is told as that", async () => {
  const nowhere = await serveDevServer({ Host: "192.0.2.1", Port: 0 });
  assert.equal(nowhere.port, undefined);
  assert.match(
    lines.at(-1)!,
    /DevServer cannot listen.*EADDRNOTAVAIL.*; DevServer.Host is to be an address of this machine/,
  );
});

test("an IPv6 host is listened on, in brackets as go-zero's files write it, and without", async () => {
  for (const Host of ["[::1]", "::1"]) {
    const served = await serveDevServer({ Host, Port: 0 });
    const { status } = await fetch(`http://[::1]:${served.port}/healthz`);
    assert.equal(status, 200, Host);
    await served.close();
  }
});

test("a DevServer that is switched off is not served, and its port is not the one of Prometheus", async () => {
  const off = await serveDevServer({ Enabled: false, Host: "127.0.0.1", Port: 0 });
  assert.equal(off.port, undefined);
  const other = createServer(
    { ListenOn: "127.0.0.1:0", DevServer: { Enabled: false }, Prometheus: { Host: "127.0.0.1", Port: 0 } },
    () => {},
    { signals: false },
  );
  await other.start();
  assert.equal(other.devServerPort, undefined);
  await other.stop();
});

test("a setting of serveDevServer that cannot be obeyed is refused by its name", async () => {
  for (const [settings, message] of [
    [{ Prot: 1 }, /serveDevServer has no option "Prot": did you mean Port\?/],
    [{ Port: "6060" }, /Port is "6060"; expected a number/],
    [{ Port: 65_536 }, /Port is 65536; expected a port from 0 to 65535/],
    [{ Port: 60.5 }, /Port is 60.5/],
    [{ MetricsPath: "metrics" }, /MetricsPath is "metrics"; expected a path that begins with \//],
    [{ HealthPath: "" }, /HealthPath is ""/],
    [{ HealthPath: "/metrics" }, /HealthPath is "\/metrics"; expected another path than MetricsPath is/],
    [{ Enabled: "no" }, /Enabled is "no"; expected a boolean/],
    [6060, /serveDevServer takes its options by name/],
  ] as [object, RegExp][]) {
    await assert.rejects(serveDevServer(settings), { name: "TypeError", message });
  }
});

test("every metric that the Grafana dashboard and the alert rules name exists", async () => {
  const folder = fileURLToPath(new URL("../../examples/grafana", import.meta.url));
  const text = await (await fetch(url("/metrics"))).text();
  const known = new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name!],
    ),
  );
  const files = readdirSync(folder).filter((name) => /\.(json|ya?ml)$/.test(name));
  assert.ok(files.length >= 2);
  for (const file of files) {
    const named = readFileSync(join(folder, file), "utf8").match(/\b(?:rollcall|grpc|rpc)_[a-z_]+\b/g) ?? [];
    const metrics = named.filter((name) => !["grpc_method", "grpc_status", "grpc_target"].includes(name));
    assert.ok(metrics.length > 5, file);
    for (const name of metrics) assert.ok(known.has(name), `${file} names ${name}, which does not exist`);
    // Prometheus has a label of that name for whom it has scraped, and renames ours.
    const grouped = readFileSync(join(folder, file), "utf8").match(/by \([^)]*\binstance\b[^)]*\) \(rollcall_client/);
    assert.equal(grouped, null, `${file} takes the process that calls for the instance that is called`);
  }
});

test("/healthz turns 503 as soon as a stop begins, while calls are still answered", async () => {
  assert.equal(await (await fetch(url("/healthz"))).text(), "OK");
  const direct = new EchoClient(server.address!, grpc.credentials.createInsecure());
  await say(direct);
  const stopped = server.stop();
  await until(async () => (await fetch(url("/healthz"))).status === 503, "/healthz answers 503");
  await say(direct);
  direct.close();
  await stopped;
  await assert.rejects(fetch(url("/healthz")));
});
