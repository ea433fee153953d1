import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { build } from "esbuild";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { createServer, type Server } from "../../src/index.js";
import { EchoService, echoHandlers } from "../support/echo.js";

const dir = mkdtempSync(join(tmpdir(), "rollcall-cold-"));
const servers: Server[] = [];
// Compiled once: to compile it in each of twenty processes would be most of what they do. Inside the repository, so that its
// packages are found.
mkdirSync(".cache", { recursive: true });
const compiled = mkdtempSync(join(".cache", "cold-start-"));
const program = join(compiled, "calling-program.mjs");
await build({
  entryPoints: ["test/snapshots/calling-program.ts"],
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  outfile: program,
});
after(async () => {
  rmSync(compiled, { recursive: true, force: true });
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(dir, { recursive: true, force: true });
});

interface Report {
  readonly failed: string[];
  readonly instances: Record<string, number>;
  readonly firstAnswerMs: number;
}

/** A client in a process of its own. */
async function client(etcd: string, calls: number): Promise<Report> {
  const child = spawn(process.execPath, [program, etcd, dir, String(calls)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (text) => (out += text));
  await once(child, "exit");
  return JSON.parse(out) as Report;
}

async function serve(registry: DevRegistry, key: string, name: string, listen = "127.0.0.1:0"): Promise<Server> {
  const Etcd = { Hosts: [registry.endpoint], Key: key };
  const config = { Name: key, ListenOn: listen, Etcd, Shutdown: { WrapUpTime: 0, WaitTime: 1_000 } };
  const server = createServer(
    config,
    (s) =>
      s.addService(
        EchoService,
        echoHandlers(() => name),
      ),
    { signals: false },
  );
  servers.push(server);
  await server.start();
  return server;
}

test("with the registry dead, clients start from a snapshot: no call fails, and the address that is somebody else's gets none", async (t) => {
  const registry = await startDevRegistry();
  const names = ["a", "b", "c", "d", "e", "f"];
  const order: Server[] = [];
  for (const name of names) order.push(await serve(registry, "order.rpc", name));
  const warm = await client(registry.endpoint, 60);
  assert.deepEqual(warm.failed, []);
  assert.equal(readdirSync(dir).length, 1, "one snapshot is written");

  // Half of the addresses are dead, and at one of them another service serves now, of the same gRPC methods.
  await Promise.all(order.slice(3).map((server) => server.stop()));
  const stranger = await serve(registry, "stock.rpc", "stranger", order[5]!.address);
  await registry.close();

  const reports: Report[] = [];
  while (reports.length < 20) {
    reports.push(...(await Promise.all(Array.from({ length: 2 }, () => client(registry.endpoint, 20)))));
  }
  const first = reports.map(({ firstAnswerMs }) => firstAnswerMs).sort((a, b) => a - b);
  t.diagnostic(
    `first answer after ${first[0]!.toFixed(0)} to ${first.at(-1)!.toFixed(0)} ms without the registry, ` +
      `${warm.firstAnswerMs.toFixed(0)} ms with it: ${(first[10]! / warm.firstAnswerMs).toFixed(1)} times (median)`,
  );
  assert.deepEqual(
    reports.flatMap(({ failed }) => failed),
    [],
  );
  const called = new Set(reports.flatMap(({ instances }) => Object.keys(instances)));
  assert.deepEqual([...called].sort(), ["a", "b", "c"]);
  await stranger.stop();
});
