import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { channelOf, createClient, createServer, inspect, type Server } from "../../src/index.js";
import { inspectDir, inspectSocket } from "../../src/observe/inspect/inspect-address.js";
import { allStates, decisionsOf, inspected, recordingsOf } from "../../src/observe/inspect/inspect-client.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";

const SERVICE = "seen.rpc";
const registry = new FixtureRegistry("inspected");
const runtime = mkdtempSync(join(tmpdir(), "rollcall-inspect-"));
const servers: Server[] = [];
let client: EchoClient;
let end: () => Promise<void>;

before(async () => {
  process.env.XDG_RUNTIME_DIR = runtime;
  for (let i = 0; i < 3; i++) {
    const server: Server = createServer(
      {
        Name: `seen-${i}`,
        ListenOn: "127.0.0.1:0",
        Zone: "z1",
        Metadata: { version: "1.4" },
        Shutdown: { WrapUpTime: 0 },
      },
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
});

after(async () => {
  await end();
  client.close();
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(runtime, { recursive: true });
});

test("a process tells its own user the services it calls and serves, with counts that are true", async () => {
  const answered = new Map<string, number>();
  for (let i = 0; i < 60; i++) {
    const { instance } = await say(client);
    answered.set(instance, (answered.get(instance) ?? 0) + 1);
  }
  await assert.rejects(say(client, { code: grpc.status.UNAVAILABLE }));
  const [state] = await allStates();
  assert.equal(state!.schema, 1);
  assert.equal(state!.pid, process.pid);
  const called = state!.calls.find(({ service }) => service === SERVICE)!;
  assert.equal(called.state, "ready");
  assert.equal(called.listed, 3);
  assert.deepEqual(called.totals, { calls: 61, failures: 1 });
  assert.equal(called.instances.length, 3);
  for (const one of called.instances) {
    assert.equal(one.state, "serving");
    assert.equal(one.zone, "z1");
    assert.equal(one.version, "1.4");
    assert.equal(one.calls - one.failures, answered.get(one.address) ?? 0);
    assert.ok(one.expectedMs >= 0);
  }
  const shares = called.instances.reduce((sum, { share }) => sum + share, 0);
  assert.ok(Math.abs(shares - 1) < 0.001);
  assert.deepEqual(
    state!.serves.map(({ name, state, service, listed, address }) => ({ name, state, service, listed, address })),
    servers.map(({ address }, i) => ({
      name: `seen-${i}`,
      state: "serving",
      service: SERVICE,
      listed: true,
      address,
    })),
  );
});

test("decisions and recordings are read over the socket, and are those of the API", async () => {
  const [process] = await inspected();
  const told = await decisionsOf(process!, SERVICE);
  const own = channelOf(client)!.decisions();
  assert.equal(told.length, 61);
  assert.deepEqual(told, JSON.parse(JSON.stringify(own)));
  assert.equal(told.filter(({ outcome }) => outcome === "failed").length, 1);
  const [recording] = await recordingsOf(process!, SERVICE);
  assert.equal(recording!.service, SERVICE);
  assert.equal(recording!.decisions.length, 61);
  assert.equal(recording!.instances.length, 3);
});

test("nobody else can open the socket or look into its folder", async () => {
  const [process] = await inspected();
  assert.equal(statSync(inspectDir()).mode & 0o777, 0o700);
  assert.equal(statSync(process!.socket).mode & 0o777, 0o600);
});

test("a request that is no address is answered, and ends nothing", async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = request({ socketPath: inspectSocket(process.pid), path: "//" }, ({ statusCode }) =>
      resolve(statusCode),
    );
    asked.on("error", reject).end();
  });
  assert.equal(status, 500);
});

test("an inspect() that failed can be asked for again, once its folder is right", async () => {
  const before = process.env.XDG_RUNTIME_DIR;
  await end();
  try {
    // Cut to what a socket's name may have, it would stand in a folder that anybody can open.
    process.env.XDG_RUNTIME_DIR = join(runtime, "f".repeat(120));
    await assert.rejects(inspect(), /too long for a socket.*XDG_RUNTIME_DIR/);
    assert.deepEqual(readdirSync(runtime), ["rollcall"], "nothing is made elsewhere");
  } finally {
    process.env.XDG_RUNTIME_DIR = before;
  }
  end = await inspect();
  assert.equal((await allStates()).length, 1);
});

/** What another container that shares the folder has there: a process of any number, which is nobody's here or another's. */
async function listenAt(socket: string): Promise<() => void> {
  const other = createHttpServer((_request, response) => response.end("{}"));
  await once(other.listen(socket), "listening");
  return () => other.close();
}

/** As a process leaves its socket behind that is killed. */
function leaveBehind(socket: string): void {
  const script = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  spawnSync(process.execPath, ["-e", script, socket]);
  assert.ok(existsSync(socket));
}

/** No process has a higher one. */
const NOBODY = 2 ** 22 + 1;

test("sockets of dead processes are told by that nobody listens, whoever has their numbers now, and are removed where they are nobody's", async () => {
  const [reused, dead] = [inspectSocket(process.ppid), inspectSocket(NOBODY)];
  leaveBehind(reused);
  leaveBehind(dead);
  assert.deepEqual(
    (await inspected()).map(({ pid }) => pid),
    [process.pid],
  );
  assert.ok(!existsSync(dead));
  rmSync(reused);
});

test("a process of another container that shares the folder is seen, though its number is nobody's here", async () => {
  const close = await listenAt(inspectSocket(NOBODY));
  try {
    assert.deepEqual(
      (await inspected()).map(({ pid }) => pid),
      [process.pid, NOBODY],
    );
  } finally {
    close();
  }
});

test("two processes of one number, of two containers, are both seen, and neither takes the other's socket", async () => {
  await end();
  const close = await listenAt(inspectSocket(process.pid));
  try {
    end = await inspect();
    const both = await inspected();
    assert.deepEqual(
      both.map(({ pid }) => pid),
      [process.pid, process.pid],
    );
    assert.equal((await allStates()).length, 1, "what tells no state of ours is left out");
    await end();
    assert.deepEqual(readdirSync(inspectDir()), [`${process.pid}.sock`]);
  } finally {
    close();
  }
  end = await inspect();
});

test("a user whom /etc/passwd does not know, as in containers, has an inspect socket of its own", {
  skip: process.getuid?.() !== 0 && "only root can be somebody else",
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-nobody-"));
  try {
    chmodSync(folder, 0o777);
    const module = new URL("../../src/observe/inspect/inspect-address.ts", import.meta.url).href;
    const program = `import(${JSON.stringify(module)}).then(({ makeInspectDir }) => console.log(makeInspectDir()))`;
    const loader = new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url).href;
    const { stdout, stderr } = spawnSync(process.execPath, ["--import", loader, "-e", program], {
      cwd: "/",
      env: { PATH: process.env.PATH, TMPDIR: folder },
      uid: 54_321,
      gid: 54_321,
      encoding: "utf8",
    });
    assert.equal(stdout.trim(), join(folder, "rollcall-54321"), stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
