/**
 * What a pick costs: a whole pick-started-ended cycle in nanoseconds of CPU, beside round robin and, where it can run,
 * go-zero's own picker; what it allocates; and what a change of members costs. `npm run bench:pick`.
 */
import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { promisify } from "node:util";
import { P2cEwma, type P2cEwmaOptions } from "../src/balancer/index.js";
import { CYCLES, cpuNs, cycles, keys, LATENCY_MS } from "./pick/cycle.js";
import { goPicker } from "./pick/go-picker.js";
import { quantile } from "./registry/figures.js";

const SIZES = [2, 10, 100, 1_000, 10_000];
const KINDS = [1, 16, 256];
const ROUNDS = 15;

const median = (numbers: readonly number[]) => quantile(numbers, 0.5);

const methods = (n: number) => Array.from({ length: n }, (_, i) => `/shop.Orders/Method${i}`);

/** The same among 10 instances, with calls of so many kinds in turn. */
function ofKinds(n: number): () => void {
  const balancer = new P2cEwma<string>();
  balancer.set(keys(10));
  const kinds = methods(n);
  let at = 0;
  return () => {
    for (let i = 0; i < CYCLES; i++) {
      at = at + 1 === n ? 0 : at + 1;
      const kind = kinds[at]!;
      const node = balancer.pick(undefined, kind)!;
      node.started(kind);
      node.ended(LATENCY_MS, true, kind);
    }
  };
}

/** The least a policy can do: the next one, and a count of its calls. */
function roundRobin(n: number): () => void {
  const nodes = keys(n).map((key) => ({ key, calls: 0 }));
  let next = 0;
  return () => {
    for (let i = 0; i < CYCLES; i++) {
      next = next + 1 === nodes.length ? 0 : next + 1;
      const node = nodes[next]!;
      node.calls += 1;
      node.calls -= 1;
    }
  };
}

function clockOnly(): () => void {
  const clock = performance; // looked up once, as the balancer does
  let sum = 0;
  return () => {
    for (let i = 0; i < CYCLES; i++) sum += clock.now();
    if (sum < 0) throw new Error("the clock ran backwards");
  };
}

/** Rounds of all contestants in turn, so that a disturbance hits them alike. */
function contest(contestants: readonly (() => void)[]): number[][] {
  for (const work of contestants) for (let i = 0; i < 3; i++) work();
  const results: number[][] = contestants.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    contestants.forEach((work, i) => {
      results[i]!.push(cpuNs(work) / CYCLES);
    });
  }
  return results;
}

function show(name: string, results: readonly number[]): void {
  const inOrder = results.toSorted((a, b) => a - b);
  const spread = `${inOrder[1]!.toFixed(0)} to ${inOrder.at(-2)!.toFixed(0)}`;
  console.log(`${name.padEnd(44)} median ${median(results).toFixed(0).padStart(5)} ns   ${spread}`);
}

async function showGoPicker(): Promise<void> {
  try {
    for (const [instances, rounds] of await goPicker(ROUNDS)) show(`go-zero's picker, ${instances} instances`, rounds);
  } catch (error) {
    console.log(`go-zero's picker: skipped, ${(error as Error).message.split("\n")[0]}`);
  }
}

async function allocation(): Promise<void> {
  const script = new URL("./pick/allocation.ts", import.meta.url).pathname;
  const run = async (sources: string) =>
    (await promisify(execFile)(process.execPath, ["--import", "tsx", script, sources])).stdout.trim();
  console.log(`the balancer alone: ${await run("prepared")}`);
  console.log(`with Node's clock and chance, which box what they return: ${await run("node")}`);
}

function membership(name: string, options: P2cEwmaOptions<string>): void {
  const n = 10_000;
  const all = keys(n);
  const fewer = all.slice(1);
  const balancer = new P2cEwma<string>(options);
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    const next = i % 2 ? all : fewer;
    const start = performance.now();
    balancer.set(next);
    if (i >= 20) times.push(performance.now() - start);
  }
  const p95 = quantile(times, 0.95);
  console.log(
    `set() of ${n} with one change, ${name}: median ${median(times).toFixed(2)} ms, 95th percentile ${p95.toFixed(2)} ms`,
  );
}

function memory(): void {
  if (!globalThis.gc) {
    console.log("memory per instance: run with --expose-gc to see it");
    return;
  }
  const n = 10_000;
  const names = keys(n);
  globalThis.gc();
  const before = process.memoryUsage();
  const balancer = new P2cEwma<string>();
  balancer.set(names);
  for (let i = 0; i < 20 * n; i++) {
    const node = balancer.pick()!;
    node.started();
    node.ended(LATENCY_MS, i % 100 > 0);
  }
  globalThis.gc();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
  console.log(`memory per instance: ${(bytes / n).toFixed(0)} bytes of ${balancer.size}, their names not counted`);
  const kinds = methods(256);
  for (let i = 0; i < 20 * kinds.length; i++) {
    const kind = kinds[i % kinds.length]!;
    const node = balancer.pick(undefined, kind)!;
    node.started(kind);
    node.ended(LATENCY_MS, true, kind);
  }
  globalThis.gc();
  const with256 = process.memoryUsage().heapUsed - after.heapUsed;
  console.log(`memory per kind: ${(with256 / kinds.length).toFixed(0)} bytes of ${kinds.length}, names not counted`);
}

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, CPU time`);
const results = contest([...SIZES.map(cycles), roundRobin(10), clockOnly(), ...KINDS.map(ofKinds)]);
SIZES.forEach((n, i) => {
  show(`pick-started-ended, ${n} instances`, results[i]!);
});
show("round robin, 10 instances", results[SIZES.length]!);
show("performance.now alone (a cycle reads it once)", results[SIZES.length + 1]!);
KINDS.forEach((n, i) => {
  show(`pick-started-ended, 10 instances, ${n} ${n === 1 ? "kind" : "kinds"}`, results[SIZES.length + 2 + i]!);
});
console.log(`10,000 against 10 instances: ${(median(results[4]!) / median(results[1]!)).toFixed(2)} times`);
await showGoPicker();
await allocation();
memory();
membership("equal weights", {});
membership("different weights", { weight: (key) => key.length });
