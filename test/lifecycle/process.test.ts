import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { test } from "node:test";
import { type Ended, endOf } from "../examples/example.js";
import { TYPESCRIPT } from "../support/typescript.js";

const root = new URL("../..", import.meta.url).href;

/** Runs a program; a hook may tell by a line on standard output when it is to be signalled. */
function run(program: string): ChildProcess {
  const setUp = `
    const { setLogger } = await import("${root}src/log.ts");
    const line = (level) => (_facts, message) => console.log(level, message);
    setLogger({ debug() {}, info: line("info"), warn: line("warn"), error: line("error") }, "info");
    const { registerBackend } = await import("${root}src/backends/table.ts");
    const { registerInstance } = await import("${root}src/lifecycle/register-instance.ts");
    const { EventEmitter } = await import("node:events");
    const http = await import("node:http");
    const forever = new Promise(() => {});
    const listed = () => Object.assign(new EventEmitter(), { listed: true, deregister: async () => console.log("out") });
    registerBackend("paper", { registrar: () => ({ register: async () => listed() }) });
    registerBackend("mute", { registrar: () => ({ register: () => forever }) });
    registerBackend("stuck", {
      registrar: () => ({ register: async () => Object.assign(listed(), { deregister: () => forever }) }),
    });
    const serve = (handler = (_request, response) => response.end()) =>
      new Promise((resolve) => {
        const server = http.createServer(handler).listen(0, "127.0.0.1", () => resolve(server));
      });
    const at = { address: "127.0.0.1:8080" };
  `;
  return spawn(process.execPath, [...TYPESCRIPT, "--input-type=module", "-e", setUp + program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function heard(child: ChildProcess, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let all = "";
    child.stdout!.on("data", (chunk) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
    child.once("exit", () => reject(new Error(`ended without saying ${text}: ${all}`)));
  });
}

for (const backend of ["paper", "mute", "stuck"]) {
  test(`a server's process ends by itself after stop(), with a registry that is ${backend}`, {
    timeout: 60_000,
  }, async () => {
    const child = run(`
      const server = await serve();
      const instance = await registerInstance("${backend}:///h:1?key=a", at, {
        close: () => server.close(), kill: () => server.closeAllConnections(), drainMs: 10, waitMs: 200,
      });
      await instance.stop();
      console.log("after stop");`);
    const { status, stdout, stderr } = await endOf(child);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /after stop/);
  });
}

test("SIGTERM takes a server made by anything out, lets its call end, and ends the process with 0", async () => {
  const child = run(`
    const server = await serve((_request, response) => {
      console.log("called");
      setTimeout(() => response.end("answered"), 300);
    });
    await registerInstance("paper:///h:1?key=a", at, { close: () => server.close(), drainMs: 10 });
    void fetch("http://127.0.0.1:" + server.address().port)
      .then((answer) => answer.text())
      .then(console.log);`);
  const ended = endOf(child);
  await heard(child, "called");
  child.kill("SIGTERM");
  const { status, stdout, stderr }: Ended = await ended;
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /called[\s\S]*out\n[\s\S]*answered[\s\S]*stopped/);
});

test("without close, signals are the application's", async () => {
  const child = run(`
    await serve();
    await registerInstance("paper:///h:1?key=a", at);
    console.log("listeners", process.listenerCount("SIGTERM"));`);
  const ended = endOf(child);
  await heard(child, "listeners 0");
  child.kill("SIGTERM");
  assert.equal((await ended).status, "SIGTERM");
});

test("a second signal kills and ends at once", async () => {
  const child = run(`
    const server = await serve();
    await registerInstance("paper:///h:1?key=a", at, {
      close: () => server.close(), kill: () => console.log("killed"), drainMs: 60_000, waitMs: 60_000,
    });
    console.log("ready");`);
  const ended = endOf(child);
  await heard(child, "ready");
  child.kill("SIGTERM");
  await heard(child, "out of rotation");
  child.kill("SIGTERM");
  const { status, stdout } = await ended;
  assert.equal(status, 143);
  assert.match(stdout, /killed/);
});

test("an application that listens once decides when its process ends, and how", async () => {
  const child = run(`
    process.once("SIGTERM", () => setTimeout(() => {
      console.log("flushed");
      process.exit(7);
    }, 500));
    const server = await serve();
    await registerInstance("paper:///h:1?key=a", at, { close: () => server.close(), drainMs: 10 });
    setInterval(() => {}, 1_000);
    console.log("ready");`);
  const ended = endOf(child);
  await heard(child, "ready");
  child.kill("SIGTERM");
  const { status, stdout }: Ended = await ended;
  assert.equal(status, 7);
  assert.match(stdout, /flushed/);
});

test("a signal that another listener raises again when it is done does not end a server's call", async () => {
  const child = run(`
    const other = (signal) => setTimeout(() => {
      console.log("the other is done");
      process.removeListener(signal, other);
      process.kill(process.pid, signal);
    }, 50);
    process.on("SIGTERM", other);
    process.once("SIGTERM", () => {});
    const server = await serve((_request, response) => {
      console.log("called");
      setTimeout(() => response.end("answered"), 400);
    });
    await registerInstance("paper:///h:1?key=a", at, {
      close: () => server.close(), kill: () => server.closeAllConnections(), drainMs: 10,
    });
    void fetch("http://127.0.0.1:" + server.address().port)
      .then((answer) => answer.text())
      .then(console.log, console.log);`);
  const ended = endOf(child);
  await heard(child, "called");
  child.kill("SIGTERM");
  const { status, stdout, stderr }: Ended = await ended;
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /called[\s\S]*the other is done[\s\S]*answered/);
});

test("in a worker thread, which gets no signals, a server says so where it starts", async () => {
  const program = `
    import("tsx/esm/api").then(async ({ register }) => {
      register();
      const { createServer } = await import("${root}src/grpc/server/server.ts");
      for (const signals of [true, false]) {
        const server = createServer({ ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } }, () => {}, { signals });
        await server.start();
        await server.stop();
      }
      console.log("worker is done");
    });`;
  const child = run(`
    const { Worker } = await import("node:worker_threads");
    const env = { ...process.env, ROLLCALL_LOG_LEVEL: "warn" };
    new Worker(${JSON.stringify(program)}, { eval: true, env });`);
  const { status, stdout, stderr } = await endOf(child);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /worker is done/);
  const said = (stdout + stderr).match(/worker thread, which gets no signals/g);
  assert.equal(said?.length, 1, "where signals are wanted, and not with signals: false");
});
