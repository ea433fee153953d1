import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { TYPESCRIPT } from "../support/typescript.js";
import { endOf } from "./example.js";

// How long it takes is for who looks at it; a busy machine may need ten times that to start six processes.
const env = { ...process.env, DEMO_LIMIT_S: "300" };

test("the demo tells of a join, a stop, a crash and a slow instance, and loses calls to the crash only", async (t) => {
  const child = spawn(process.execPath, [...TYPESCRIPT, "examples/demo/main.ts"], { env });
  t.after(() => child.kill("SIGKILL"));
  const { status, stdout, stderr } = await endOf(child);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /D joins\n.* listed, and \d+ ms later it had its first call/);
  assert.match(stdout, /A gets SIGTERM\n.* ended after [\d.]+ s with status 0\n.* calls, 0 failed/);
  assert.match(stdout, /B gets SIGKILL\n(?:.*\n)+?.*calls lost with it: \d+/);
  assert.match(stdout, /C turns slow/);
  const shares = /its share of the calls: ([\d.]+) %, now ([\d.]+) %/.exec(stdout)!;
  assert.ok(Number(shares[2]) < Number(shares[1]), shares[0]);
  assert.match(stdout, /, 0 lost to anything else/);
  assert.equal(stdout.includes("\x1b"), false, "no terminal, no table");
  assertAddsUp(stdout);
  assertFits(stdout);
});

test("Ctrl-C ends the demo with its summary", async (t) => {
  const child = spawn(process.execPath, [...TYPESCRIPT, "examples/demo/main.ts"], { env });
  t.after(() => child.kill("SIGKILL"));
  const ending = endOf(child);
  const lines = createInterface(child.stdout);
  for await (const line of lines) if (line.includes("D joins")) break;
  child.kill("SIGINT");
  const { status, stdout, stderr } = await ending;
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /interrupted: this is the summary so far/);
  assertAddsUp(stdout);
  assertFits(stdout);
});

/** 60 columns suffice, but for what others say. */
function assertFits(stdout: string): void {
  for (const line of stdout.split("\n")) {
    if (!/rollcall warns|for example/.test(line)) assert.ok(line.length <= 60, `${line.length} columns: ${line}`);
  }
}

/** The phases of the summary add up to its last row, for both clients. */
function assertAddsUp(stdout: string): void {
  const rows = [...stdout.matchAll(/^(.{18}) *(\d+) +(\d+) +(?:\d+ ms|-) +(\d+) +(\d+) +(?:\d+ ms|-)$/gm)].map(
    ([, name, ...numbers]) => ({ name: name!.trim(), numbers: numbers.map(Number) }),
  );
  const all = rows.pop()!;
  assert.equal(all.name, "all");
  const sums = all.numbers.map((_, i) => rows.reduce((total, { numbers }) => total + numbers[i]!, 0));
  assert.deepEqual(all.numbers, sums);
}
