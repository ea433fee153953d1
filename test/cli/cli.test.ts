import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { COMMANDS } from "../../src/cli/commands.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { createServer as createRpcServer } from "../../src/index.js";
import type { Instance } from "../../src/instance.js";
import type { Registration } from "../../src/registry.js";
import { freePort } from "../support/network/ports.js";
import { endOf, linesOf, runCli, startCli } from "../support/programs/cli.js";

/** What the running test has registered. */
const registrations: Registration[] = [];

async function registry(t: TestContext) {
  const started = await startDevRegistry();
  t.after(async () => {
    // While the registry is there: without it each would wait for it.
    await Promise.all(registrations.splice(0).map((registration) => registration.deregister()));
    await started.close();
  });
  return started;
}

async function register(endpoint: string, service: string, instance: Instance, ttlSeconds = 10) {
  const registration = await new EtcdRegistrar({ hosts: [endpoint], ttlSeconds }).register(service, instance);
  registrations.push(registration);
  return registration;
}

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

test("watch prints one line per change and the count, until it is interrupted", async (t) => {
  const { endpoint } = await registry(t);
  await register(endpoint, "order.rpc", { address: "10.0.0.1:8080" });
  for (const json of [false, true]) {
    const child = startCli(t, ["watch", "order.rpc", "--etcd", endpoint, ...(json ? ["--json"] : [])]);
    const lines = linesOf(child);
    const next = async () => String((await lines.next()).value);
    const seen = [await next()];
    const second = await register(endpoint, "order.rpc", { address: "10.0.0.2:8080", weight: 3, zone: "b" });
    seen.push(await next());
    await second.deregister();
    seen.push(await next());
    if (json) {
      const told = seen.map((line) => JSON.parse(line));
      for (const { time } of told) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 3_600_000);
      assert.deepEqual(
        told.map(({ change, instance, count, reason }) => [change, instance, count, reason]),
        [
          ["listed", { address: "10.0.0.1:8080" }, 1, undefined],
          ["joined", { address: "10.0.0.2:8080", weight: 3, zone: "b" }, 2, undefined],
          ["left", { address: "10.0.0.2:8080", weight: 3, zone: "b" }, 1, "stopped"],
        ],
      );
    } else {
      const [first, joined, left] = seen.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
      assert.equal(first, "= 10.0.0.1:8080 (1 instance)");
      assert.equal(joined, "+ 10.0.0.2:8080 weight 3 zone b (2 instances)");
      assert.equal(left, "- 10.0.0.2:8080 weight 3 zone b stopped (1 instance)");
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
    [["ls", "nowhere:///a"], /no backend is called "nowhere"/],
    [["ls", "etcd:///?key=a&pass=hunter2"], /pass=\.\.\." is not a target/],
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

/** A process of its own that is registered under a short lease, so that it can be killed. */
async function registeredProcess(t: TestContext, endpoint: string, service: string, address: string) {
  const program = `
    import { EtcdRegistrar } from ${JSON.stringify(new URL("../../src/backends/etcd/index.ts", import.meta.url).href)};
    await new EtcdRegistrar({ hosts: ["${endpoint}"], ttlSeconds: 4 }).register("${service}", { address: "${address}" });
    console.log("registered");
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "silent" },
  });
  t.after(() => child.kill("SIGKILL"));
  await linesOf(child).next();
  return child;
}

test("watch without a key shows everything, and says of each leave why", async (t) => {
  const { endpoint, put, delete: remove } = await registry(t);
  await register(endpoint, "pay.rpc", { address: "10.0.0.1:8080" });
  const stopping = await register(endpoint, "pay.rpc", { address: "10.0.0.2:8080" });
  const killed = await registeredProcess(t, endpoint, "order.rpc", "10.0.0.3:8080");
  put("mail.rpc/1", "10.0.0.4:8080");
  put("mail.rpc/2", "hunter2");

  const lines = linesOf(startCli(t, ["watch", "--json", "--etcd", endpoint]));
  const next = async () => {
    const { change, service, instance, reason, count } = JSON.parse((await lines.next()).value);
    return [change, service, instance.address, count, reason].filter((fact) => fact !== undefined).join(" ");
  };
  assert.deepEqual([await next(), await next(), await next(), await next()].sort(), [
    "listed mail.rpc 10.0.0.4:8080 1",
    "listed order.rpc 10.0.0.3:8080 1",
    "listed pay.rpc 10.0.0.1:8080 2",
    "listed pay.rpc 10.0.0.2:8080 2",
  ]);
  await stopping.deregister();
  assert.equal(await next(), "left pay.rpc 10.0.0.2:8080 1 stopped");
  remove("mail.rpc/1");
  assert.equal(await next(), "left mail.rpc 10.0.0.4:8080 0 deleted");
  const paused = await runCli(t, ["pause", "pay.rpc", "10.0.0.1:8080", "--json", "--etcd", endpoint]);
  assert.deepEqual(JSON.parse(paused.stdout), {
    service: "pay.rpc",
    address: "10.0.0.1:8080",
    changed: true,
    listed: 0,
  });
  assert.match(paused.stderr, /^warning: no instance of pay\.rpc is listed now/);
  assert.equal(await next(), "left pay.rpc 10.0.0.1:8080 0 paused");
  killed.kill("SIGKILL");
  assert.equal(await next(), "left order.rpc 10.0.0.3:8080 0 expired");
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

test("an unknown $ROLLCALL_LOG_LEVEL is told by the command", async (t) => {
  const { endpoint } = await registry(t);
  const { stderr, code } = await runCli(t, ["ls", "--etcd", endpoint], { ROLLCALL_LOG_LEVEL: "loud" });
  assert.equal(code, 0);
  assert.match(stderr, /ROLLCALL_LOG_LEVEL is none of/);
});

test("no terminal is steered by what stands in the registry, by --json neither", async (t) => {
  const { endpoint, put } = await registry(t);
  const steering = "\u001b[2J\u009b31m\u202e";
  put("order.rpc/1", JSON.stringify({ Op: 0, Addr: "10.0.0.1:8080", Metadata: { note: steering } }));
  put(`order.rpc/2${steering}`, "10.0.0.2:8080");
  for (const args of [["ls"], ["ls", "--json"], ["ls", `x${steering}`]]) {
    const { stdout, stderr } = await runCli(t, [...args, "--etcd", endpoint]);
    assert.doesNotMatch((stdout + stderr).replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u, args.join(" "));
  }
});

test("output that cannot be written is said, with exit code 1", {
  skip: !existsSync("/dev/full") && "no /dev/full",
}, async (t) => {
  const { endpoint, put } = await registry(t);
  put("order.rpc/1", "10.0.0.1:8080");
  const child = startCli(t, ["ls", "--etcd", endpoint], {}, openSync("/dev/full", "w"));
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  assert.deepEqual((await once(child, "close"))[0], 1);
  assert.match(said, /^rollcall: the output cannot be written: /);
});

test("dev says what it exposes when others can reach it", { timeout: 60_000 }, async (t) => {
  const child = startCli(t, ["dev", "--port", "0", "--host", "0.0.0.0"]);
  const lines = createInterface(child.stderr!)[Symbol.asyncIterator]();
  const said = [(await lines.next()).value, (await lines.next()).value].join("\n");
  assert.match(said, /warning: it listens on all interfaces: .*without a password and without TLS/);
  child.kill("SIGTERM");
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
    await register(endpoint, "order.rpc", { address: "10.0.0.1:8080" });
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

test("the password of etcd comes from the environment or a file, and is never shown", async (t) => {
  const { endpoint, put, faults } = await registry(t);
  put("order.rpc/1", "10.0.0.1:8080");
  faults.requireAuth({ user: "shop", password: "hunter2:&=" });
  const folder = mkdtempSync(join(tmpdir(), "rollcall-pass-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "pass");
  writeFileSync(file, "hunter2:&=\n");
  const ls = ["ls", "--no-health", "--etcd", endpoint];
  const user = { ETCD_USER: "shop" };
  for (const [args, env] of [
    [[], { ...user, ETCD_PASS: "hunter2:&=" }],
    [["--user", "shop"], { ETCD_PASS: "hunter2:&=" }],
    [["--user", "shop", "--pass-file", file], {}],
    [[], { ...user, ETCD_PASS_FILE: file }],
    [["--user", "shop:hunter2:&="], {}],
  ] as const) {
    const { code, stdout, stderr } = await runCli(t, [...ls, ...args], env);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    assert.match(stdout, /10\.0\.0\.1:8080/);
  }
  const wrong = await runCli(t, ls, { ...user, ETCD_PASS: "hunter3" });
  assert.equal(wrong.code, 1);
  assert.doesNotMatch(wrong.stdout + wrong.stderr, /hunter/);
  const gone = await runCli(t, [...ls, "--user", "shop", "--pass-file", join(folder, "none")]);
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /--pass-file .*none cannot be read: ENOENT/);
  const alone = await runCli(t, [...ls, "--pass-file", file]);
  assert.match(alone.stderr, /--pass-file needs a user/);
});

test("colour is for terminals: none in a pipe, none with NO_COLOR, forced by FORCE_COLOR", async (t) => {
  const { endpoint, put } = await registry(t);
  put("order.rpc/1", "10.0.0.1:8080");
  const ls = ["ls", "--no-health", "--etcd", endpoint];
  const has = async (env: NodeJS.ProcessEnv, args = ls) => (await runCli(t, args, env)).stdout.includes("\u001b[");
  assert.equal(await has({}), false);
  assert.equal(await has({ FORCE_COLOR: "1" }), true);
  assert.equal(await has({ FORCE_COLOR: "1", NO_COLOR: "1" }), false);
  assert.equal(await has({ FORCE_COLOR: "1" }, [...ls, "--json"]), false);
});

test("each command has examples in its help, which name options that exist", async (t) => {
  const { stdout } = await runCli(t, ["--help"]);
  const names = [...stdout.matchAll(/^ {2}(\w+) .*/gm)].map(([, name]) => name!).filter((name) => name !== "help");
  assert.deepEqual(
    names,
    COMMANDS.flatMap(({ name, hidden }) => (hidden ? [] : [name])),
  );
  for (const name of names) {
    const help = await runCli(t, ["help", name]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /\nExamples?:\n/, name);
    const [options, examples] = help.stdout.split(/\nExamples?:\n/);
    for (const [option] of examples!.matchAll(/--[a-z-]+/g)) assert.ok(options!.includes(option), `${name} ${option}`);
  }
  assert.match((await runCli(t, ["--version"])).stdout, /^(\d+\.\d+\.\d+|from source)\n$/);
  const option = await runCli(t, ["ls", "--jsno"]);
  assert.deepEqual([option.code, option.stdout], [2, ""]);
  assert.match(option.stderr, /unknown option '--jsno'\n\(Did you mean --json\?\)/);
});
