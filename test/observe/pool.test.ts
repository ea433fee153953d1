import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { processState } from "../../src/observe/collect.js";
import { allStates } from "../../src/observe/inspect/inspect-client.js";
import { GAUGES } from "../../src/observe/metrics/gauges.js";
import { createPool } from "../../src/pool/index.js";
import { TYPESCRIPT } from "../support/typescript.js";
import { until } from "../support/until.js";

const TARGET = "direct:///127.0.0.1:4001,127.0.0.1:4002";

test("a pool without gRPC is seen as a channel is: state, metrics and decisions", async () => {
  const pool = createPool(TARGET, { connect: ({ address }) => address });
  const failed = new Map<string, number>();
  for (let n = 0; n < 60; n++) {
    const exchange = (address: string) => {
      if (n % 10 !== 0) return;
      failed.set(address, (failed.get(address) ?? 0) + 1);
      throw new Error("as asked");
    };
    await pool.run(exchange, { kind: "GET /orders" }).catch(() => {});
  }
  const { service } = pool.stats();
  const channel = processState().calls.find((one) => one.service === service) ?? assert.fail("no channel");
  assert.deepEqual([channel.state, channel.listed, channel.totals], ["ready", 2, { calls: 60, failures: 6 }]);
  for (const { address, calls, failures } of channel.instances) {
    assert.ok(calls > 0, address);
    assert.equal(failures, failed.get(address) ?? 0);
  }
  const attempts = GAUGES.find(({ name }) => name === "rollcall.client.attempts")!;
  assert.equal([...attempts.read()].find(({ labels }) => labels.service === service)?.value, 60);

  const decisions = pool.decisions();
  assert.equal(decisions.length, 60);
  assert.equal(decisions.filter(({ outcome }) => outcome === "failed").length, 6);
  assert.ok(decisions.every(({ method, compared }) => method === "GET /orders" && compared.length > 0));
  await pool.close();
  assert.equal([...attempts.read()].find(({ labels }) => labels.service === service)?.value, 60, "a count never falls");
  assert.ok(!processState().calls.some((one) => one.service === service), "gone with the pool");
});

test("an exchange made again elsewhere is a second attempt, and one given up says nothing of its instance", async () => {
  const pool = createPool(TARGET, { connect: ({ address }) => address });
  let first = true;
  await pool.run(() => {
    if (!first) return;
    first = false;
    throw Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });
  });
  const abort = new AbortController();
  const given = pool.run((_, { signal }) => {
    abort.abort();
    signal.throwIfAborted();
  }, abort);
  await assert.rejects(given);
  assert.deepEqual(
    pool.decisions().map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [1, "failed"],
      [2, "ok"],
      [1, "ignored"],
    ],
  );
  await pool.close();
});

test("a process that has pools alone obeys ROLLCALL_INSPECT and writes a line a minute, as one with channels", async (t) => {
  const runtime = mkdtempSync(join(tmpdir(), "rollcall-pool-"));
  const program = new URL("./pool-program.ts", import.meta.url).pathname;
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime, ROLLCALL_INSPECT: "1", ROLLCALL_LOG_LEVEL: "info" };
  const child = spawn(process.execPath, [...TYPESCRIPT, program], { env });
  t.after(() => {
    child.kill("SIGKILL");
    rmSync(runtime, { recursive: true, force: true });
  });
  const written = text(child.stderr);
  await once(child.stdout, "data");
  process.env.XDG_RUNTIME_DIR = runtime;
  await until(async () => (await allStates()).some(({ pid }) => pid === child.pid), "the process can be inspected");
  const [state] = await allStates();
  assert.deepEqual(state!.calls[0]!.totals, { calls: 1, failures: 0 });
  child.stdin.end();
  child.kill("SIGTERM");
  assert.match(await written, /"calls":1,.*"statistics of the last minute"/);
});
