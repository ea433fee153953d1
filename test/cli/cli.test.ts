import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import type { Instance } from "../../src/instance.js";
import { endOf, linesOf, runCli, startCli } from "../support/cli.js";
import { freePort } from "../support/ports.js";

async function registry(t: TestContext) {
  const started = await startDevRegistry();
  t.after(() => started.close());
  return started;
}

async function register(t: TestContext, endpoint: string, service: string, instance: Instance) {
  const registration = await new EtcdRegistrar({ hosts: [endpoint] }).register(service, instance);
  t.after(() => registration.deregister());
  return registration;
}

test("ls shows each registration with its address, id, lease and facts", async (t) => {
  const { endpoint, put } = await registry(t);
  await register(t, endpoint, "order.rpc", { address: "10.0.0.1:8080", weight: 2, zone: "a" });
  put("order.rpc2/7", "10.0.0.2:8080");
  put("order.rpc2/8", "nonsense\u001b[31m");

  const table = await runCli(t, ["ls", "--etcd", endpoint]);
  assert.equal(table.stderr, "");
  assert.equal(table.code, 0);
  const [header, first, second, third] = table.stdout.split("\n");
  assert.match(header!, /^SERVICE +ADDRESS +ID +TTL +WEIGHT +ZONE +PROBLEM$/);
  assert.match(first!, /^order\.rpc +10\.0\.0\.1:8080 +\d+ +\d+\/10 s +2 +a$/);
  assert.match(second!, /^order\.rpc2 +10\.0\.0\.2:8080 +7 +no lease$/);
  assert.match(
    third!,
    /^order\.rpc2 +8 +no lease +its value \(13 bytes\) is no instance: it is not an address: it has no port/,
  );
  assert.doesNotMatch(table.stdout, /nonsense/);

  const json = await runCli(t, ["ls", "order.rpc/", "--json"], { ETCD_ENDPOINTS: endpoint });
  const [row, ...others] = JSON.parse(json.stdout);
  assert.deepEqual(others, []);
  assert.match(row.lease, /^\d+$/);
  assert.equal(row.id, row.lease);
  assert.deepEqual(
    { ...row, id: "", key: "", lease: "", ttlSeconds: 0 },
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
    },
  );

  const nothing = await runCli(t, ["ls", "pay", "--etcd", endpoint]);
  assert.deepEqual([nothing.code, nothing.stdout], [0, ""]);
  assert.equal(nothing.stderr, `nothing is registered under "pay" in etcd at ${endpoint}\n`);
});

test("watch prints one line per change and the count, until it is interrupted", async (t) => {
  const { endpoint } = await registry(t);
  await register(t, endpoint, "order.rpc", { address: "10.0.0.1:8080" });
  for (const json of [false, true]) {
    const child = startCli(t, ["watch", "order.rpc", "--etcd", endpoint, ...(json ? ["--json"] : [])]);
    const lines = linesOf(child);
    const next = async () => String((await lines.next()).value);
    const seen = [await next()];
    const second = await register(t, endpoint, "order.rpc", { address: "10.0.0.2:8080", weight: 3, zone: "b" });
    seen.push(await next());
    await second.deregister();
    seen.push(await next());
    if (json) {
      const told = seen.map((line) => JSON.parse(line));
      for (const { time } of told) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 3_600_000);
      assert.deepEqual(
        told.map(({ change, instance, count }) => [change, instance, count]),
        [
          ["joined", { address: "10.0.0.1:8080" }, 1],
          ["joined", { address: "10.0.0.2:8080", weight: 3, zone: "b" }, 2],
          ["left", { address: "10.0.0.2:8080", weight: 3, zone: "b" }, 1],
        ],
      );
    } else {
      const [first, joined, left] = seen.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
      assert.equal(first, "+ 10.0.0.1:8080 (1 instance)");
      assert.equal(joined, "+ 10.0.0.2:8080 weight 3 zone b (2 instances)");
      assert.equal(left, "- 10.0.0.2:8080 weight 3 zone b (1 instance)");
    }
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [null, "SIGINT"]);
  }
});

test("watch tells on standard error that the registry is away and back, and goes on", async (t) => {
  const port = await freePort();
  const first = await startDevRegistry({ port });
  const child = startCli(t, ["watch", "order.rpc", "--etcd", `127.0.0.1:${port}`]);
  const heard = (async function* () {
    for await (const chunk of child.stderr!.setEncoding("utf8")) yield* String(chunk).trim().split("\n");
  })();
  const lines = linesOf(child);
  assert.equal((await heard.next()).value, "no instance of order.rpc yet");
  await first.close();
  assert.match(String((await heard.next()).value), new RegExp(`! .*127\\.0\\.0\\.1:${port}`));
  const second = await startDevRegistry({ port });
  t.after(() => second.close());
  second.put("order.rpc/1", "10.0.0.1:8080");
  assert.match((await lines.next()).value, /\+ 10\.0\.0\.1:8080 \(1 instance\)$/);
});

test("a registry that does not answer is one line that says what was tried, and exit code 1", async (t) => {
  const silent = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const mute = `127.0.0.1:${(silent.address() as { port: number }).port}`;
  const closed = `127.0.0.1:${await freePort()}`;
  const commands = [
    ["ls", "--etcd", `${closed},${mute}`],
    ["watch", "order.rpc", "--etcd", closed],
    ["watch", "order.rpc", "--etcd", mute],
  ];
  await Promise.all(
    commands.map(async (args) => {
      const { code, stdout, stderr } = await runCli(t, args);
      assert.equal(stdout, "");
      assert.match(stderr, /^rollcall: .*\n$/, args.join(" "));
      for (const host of args.at(-1)!.split(",")) assert.ok(stderr.includes(host), stderr);
      assert.equal(code, 1);
    }),
  );
});

test("misuse is explained, with exit code 2", async (t) => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /^Usage: rollcall/],
    [["lst"], /unknown command 'lst'.*did you mean ls/is],
    [["watch"], /missing required argument 'key'/],
    [["dev", "--port", "70000"], /Expected a number from 0 to 65535/],
    [["ls", "--etcd", "a:b:c"], /"a:b:c" is not an address/],
    [["ls", "--cert", "a.pem"], /without Etcd\.CertKeyFile/],
  ];
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, stdout, stderr } = await runCli(t, args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, message);
    }),
  );
  const help = await runCli(t, ["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /doctor.*Exit codes: 0/s);
});

test("a reader that goes away ends ls quietly", async (t) => {
  const { endpoint, put } = await registry(t);
  for (let i = 0; i < 2_000; i++) put(`order.rpc/${i}`, `10.0.${i >> 8}.${i & 255}:8080`);
  const child = startCli(t, ["ls", "--etcd", endpoint]);
  const ended = endOf(child);
  child.stdout!.destroy();
  const { code, stderr } = await ended;
  assert.deepEqual([code, stderr], [0, ""]);
});

test("dev serves an etcd until it is told to end, and says when the port is taken", async (t) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const child = startCli(t, ["dev", "--port", "0"]);
    const endpoint = String((await linesOf(child).next()).value);
    assert.match(endpoint, /^127\.0\.0\.1:\d+$/);
    await register(t, endpoint, "order.rpc", { address: "10.0.0.1:8080" });
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
