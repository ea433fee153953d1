import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, createServer, inspect, type Server } from "../../src/index.js";
import { EchoClient, type EchoReply, type EchoRequest, EchoService, echoHandlers, say } from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { endOf, runCli } from "../support/programs/cli.js";
import { TYPESCRIPT } from "../support/typescript.js";

const SERVICE = "decided.rpc";
const registry = new FixtureRegistry("decided");
const runtime = mkdtempSync(join(tmpdir(), "rollcall-decisions-"));
const file = join(runtime, "calls.json");
const servers: Server[] = [];
let client: EchoClient;
let end: () => Promise<void>;

/** Four servers: one like the client wishes, one that fails half of its calls, one that is slow, one in another zone. */
before(async () => {
  process.env.XDG_RUNTIME_DIR = runtime;
  for (const [i, kind] of ["good", "failing", "slow", "far"].entries()) {
    let calls = 0;
    const server: Server = createServer(
      {
        Name: kind,
        ListenOn: "127.0.0.1:0",
        Zone: kind === "far" ? "z2" : "z1",
        CpuThreshold: 0, // a machine starved by others is no matter of this test
        Shutdown: { WrapUpTime: 0 },
      },
      (builder) => {
        const handlers = echoHandlers(() => server.address!);
        builder.addService(EchoService, {
          ...handlers,
          say(_call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) {
            calls += 1;
            const ms = kind === "slow" ? 80 : 4 + (calls % 5);
            setTimeout(() => {
              if (kind === "failing" && calls % 2 === 0) callback({ code: grpc.status.INTERNAL, details: "broken" });
              else callback(null, { instance: server.address! });
            }, ms);
          },
        });
      },
      { signals: false, registry: registry.target(SERVICE) },
    );
    await server.start();
    servers[i] = server;
  }
  client = createClient(EchoClient, { Target: registry.target(SERVICE), Zone: "z1" });
  end = await inspect();
  const caller = async () => {
    for (let i = 0; i < 350; i++) await say(client).catch(() => {});
  };
  await Promise.all(Array.from({ length: 6 }, caller));
});

after(async () => {
  await end();
  client.close();
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(runtime, { recursive: true });
});

const addressOf = (kind: string) => servers[["good", "failing", "slow", "far"].indexOf(kind)]!.address!;

test("why names the reason of each instance, of a process that it finds by itself", async (t) => {
  const { code, stdout, stderr } = await runCli(t, ["why", SERVICE]);
  assert.deepEqual([code, stderr], [0, ""]);
  const [sentence, , heading, ...lines] = stdout.trimEnd().split("\n");
  assert.match(sentence!, /^\d+ % to 127\.0\.0\.1:\d+ because /);
  assert.match(sentence!, new RegExp(`${addressOf("failing")} fails \\d+ %`));
  assert.ok(heading!.includes(`(pid ${process.pid}) calls it`), heading);
  const of = (kind: string) =>
    lines.find((line) => new RegExp(`to ${addressOf(kind)}( |$)`).test(line)) ?? assert.fail(stdout);
  assert.match(of("failing"), /because it fails \d+ %/);
  assert.match(of("slow"), /it is slow \([\d.]+ ms, others /);
  assert.match(of("far"), /it is in another zone \(z2\)/);

  const json = await runCli(t, ["why", SERVICE, "--json", "--process", String(process.pid)]);
  const [told, ...more] = JSON.parse(json.stdout);
  assert.deepEqual(more, []);
  assert.equal(told.process.pid, process.pid);
  assert.equal(told.sentence, sentence);
  assert.equal(told.calls, 2100);
  assert.equal(told.instances.length, 4);
  assert.equal(told.reasons.length, lines.length);
});

test("why says what there is where there is nothing to explain", async (t) => {
  const near = await runCli(t, ["why", "decided.rcp"]);
  assert.equal(near.code, 1);
  assert.match(near.stderr, /calls "decided\.rcp": did you mean decided\.rpc\?/);
  const other = await runCli(t, ["why", "pay"]);
  assert.match(other.stderr, new RegExp(`they call decided\\.rpc \\(.*pid ${process.pid}\\)`));
  assert.match(other.stderr, /clients with round_robin or pick_first, .* cannot be asked/);
  const nobody = await runCli(t, ["why", SERVICE], { XDG_RUNTIME_DIR: join(runtime, "none") });
  assert.deepEqual([nobody.code, nobody.stdout], [1, ""]);
  assert.match(nobody.stderr, /^rollcall: no process can be inspected .*ROLLCALL_INSPECT=1.*\n$/);
  const pid = await runCli(t, ["why", SERVICE, "--process", "1"]);
  assert.match(pid.stderr, new RegExp(`process 1 cannot be inspected.*can be inspected: ${process.pid}`));
  assert.equal((await runCli(t, ["why", SERVICE, "--process", "x"])).code, 2);
});

test("a process that does not answer is told, and takes nothing from the others", async (t) => {
  const other = spawn("sleep", ["600"]);
  t.after(() => other.kill());
  const broken = createHttpServer((_request, response) => response.writeHead(500).end());
  t.after(() => broken.close());
  broken.listen(join(runtime, "rollcall", `${other.pid}.sock`));
  await once(broken, "listening");
  const { code, stdout, stderr } = await runCli(t, ["why", SERVICE, "--json"]);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).length, 1);
  assert.match(stderr, new RegExp(`^warning: process ${other.pid} does not tell its state: it answered 500\n$`));
  const alone = await runCli(t, ["why", SERVICE, "--process", String(other.pid)]);
  assert.equal(alone.code, 1);
  assert.match(alone.stderr, /it answered 500/);
});

test("a recording is kept for its owner and replayed: what was set within a tenth, and what would have been", async (t) => {
  const saved = await runCli(t, ["why", SERVICE, "--save", file]);
  assert.equal(saved.code, 0, saved.stderr);
  assert.match(saved.stderr, /^2100 calls recorded in /);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(JSON.parse(readFileSync(file, "utf8")).service, SERVICE);

  const plain = await runCli(t, ["replay", file]);
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /^ +CALLS +FAILED +MEAN +P50 +P90 +P99\nrecorded +2100 /);
  assert.match(plain.stdout, /prediction for the recorded settings is within [\d.]+ %/);

  const args = ["--policy", "round_robin", "--weight", `${addressOf("good")}=2`, "--hedge", "40ms", "--seed", "3"];
  const json = await runCli(t, ["replay", file, "--json", ...args]);
  assert.equal(json.code, 0, json.stderr);
  const { recorded, predicted, deviation, settings, other } = JSON.parse(json.stdout);
  assert.equal(recorded.calls, 2100);
  assert.ok(deviation <= 0.1, `${deviation}: ${JSON.stringify({ recorded, predicted })}`);
  assert.equal(json.stderr, "");
  assert.deepEqual(settings, {
    policy: "round_robin",
    hedgeMs: 40,
    seed: 3,
    weights: { [addressOf("good")]: 2 },
  });
  assert.ok(other.hedges > 0 && other.failures > recorded.failures, json.stdout);
  for (const kind of ["good", "failing", "slow", "far"]) {
    assert.ok(
      Math.abs(other.shares[addressOf(kind)] - 0.25) < 0.02,
      `round_robin calls ${kind} as often as the others`,
    );
  }
  const zone = await runCli(t, ["replay", file, "--zone", "", "--json"]);
  assert.ok(JSON.parse(zone.stdout).other.shares[addressOf("far")] > recorded.shares[addressOf("far")] * 1.5);
});

test("a recording comes by standard input too, which is a socket to a program that Node starts", async (t) => {
  const child = spawn(process.execPath, [...TYPESCRIPT, "src/cli/main.ts", "replay", "-", "--json"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = endOf(child);
  createReadStream(file).pipe(child.stdin);
  const { code, stdout, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).recorded.calls, 2100);
});

test("what cannot be replayed is refused with its reason", async (t) => {
  const cases: [args: string[], code: number, says: RegExp][] = [
    [["replay", join(runtime, "none")], 1, /ENOENT/],
    [["replay", "package.json"], 1, /schema is nothing; expected 1/],
    [["replay", file, "--weight", "10.9.9.9:1=2"], 1, /no instance 10\.9\.9\.9:1; it has 127\.0\.0\.1:/],
    [["replay", file, "--weight", "a"], 2, /Expected host:port=weight/],
    [["replay", file, "--hedge", "-1"], 2, /Expected milliseconds above 0/],
    [["replay", file, "--policy", "random"], 2, /Allowed choices are p2c_ewma, round_robin/],
  ];
  await Promise.all(
    cases.map(async ([args, code, says]) => {
      const ended = await runCli(t, args);
      assert.deepEqual([ended.code, ended.stdout], [code, ""], args.join(" "));
      assert.match(ended.stderr, says);
    }),
  );
});
