/**
 * Overload in real processes: one server whose calls keep its thread busy for 2 ms, one client with a deadline of 500 ms, calls
 * that come at random at 1 to 3 times what the server can do, and then at half. With shedding and pushback and, in the same run,
 * without. `npm run bench:overload -- [--seconds 8] [--warm 3] [--write]`, about three minutes; --write fills docs/overload.md.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { status } from "@grpc/grpc-js";
import { createClient } from "../src/index.js";
import { EchoClient } from "../test/support/echo.js";
import { percentile } from "./fleet/figures.js";
import { closedLoop, DEADLINE_MS, type Made, openLoop } from "./overload/load.js";
import { fillPage } from "./sim/page.js";

const LOADS = [1, 1.5, 2, 3];
const AFTERWARDS = 0.5;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    warm: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
  },
});
const [forMs, warmMs] = [Number(values.seconds) * 1_000, Number(values.warm) * 1_000];
if (!(forMs > 0 && warmMs >= 0)) throw new Error("--seconds and --warm: want seconds");

interface Row {
  readonly load: number;
  readonly goodput: number;
  readonly refused: number;
  readonly late: number;
  readonly p99: number;
}

const date = new Date().toISOString().slice(0, 10);
const before = loadavg()[0]!;
let capacity = 0;
const on = await run("on");
const off = await run("off");

const machine =
  `${date}, Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]!.model.trim()}, ` +
  `load average ${before.toFixed(1)} before; capacity ${capacity.toFixed(0)} calls a second`;
const lines = [
  "| load | shedding | answered in time, of the peak | refused | late or lost | p99 of admitted calls |",
  "| --- | --- | --- | --- | --- | --- |",
  ...LOADS.flatMap((_, i) => [line("on", on, i), line("off", off, i)]),
  `| back to ${AFTERWARDS} | on | in time again after ${on.recoveryMs.toFixed(0)} ms | | | |`,
  `| | off | in time again after ${off.recoveryMs.toFixed(0)} ms | | | |`,
].join("\n");
console.log(`${machine}\n\n${lines}`);
if (values.write) {
  await fillPage("machine", machine, "docs/overload.md");
  await fillPage("table", lines, "docs/overload.md");
}

async function run(shedding: "on" | "off"): Promise<{ rows: Row[]; recoveryMs: number }> {
  const child = fork(new URL("./overload/server.ts", import.meta.url), [shedding], {
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "error" },
  });
  try {
    const [port] = (await once(child, "message")) as [number];
    const client = createClient(EchoClient, { Endpoints: [`127.0.0.1:${port}`], Timeout: 0 });
    await closedLoop(client, 8, warmMs);
    if (capacity === 0) capacity = await closedLoop(client, 8, forMs / 2);
    const rows: Row[] = [];
    for (const load of LOADS) {
      const made = await openLoop(client, load * capacity, warmMs + forMs);
      rows.push(figures(load, made));
      console.error(shedding, JSON.stringify(rows.at(-1)));
    }
    // From the last load to the low one without a rest: calls of the heavy load are still under way.
    const heavy = openLoop(client, LOADS.at(-1)! * capacity, warmMs);
    await new Promise((resolve) => setTimeout(resolve, warmMs));
    const fellAt = performance.now();
    const light = await openLoop(client, AFTERWARDS * capacity, 8_000);
    await heavy;
    const lastBad = light.filter(({ ms, code }) => code !== status.OK || ms > DEADLINE_MS).at(-1);
    client.close();
    return { rows, recoveryMs: lastBad ? lastBad.dueAt - fellAt : 0 };
  } finally {
    child.disconnect();
  }
}

function figures(load: number, all: readonly Made[]): Row {
  const from = all[0]!.dueAt + warmMs;
  const made = all.filter(({ dueAt }) => dueAt >= from);
  const good = made.filter(({ ms, code }) => code === status.OK && ms <= DEADLINE_MS);
  const refused = made.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
  const admitted = made.filter(({ code }) => code !== status.RESOURCE_EXHAUSTED);
  return {
    load,
    goodput: (good.length * 1_000) / forMs,
    refused: refused.length / made.length,
    late: (admitted.length - good.length) / made.length,
    p99: percentile(
      admitted.map(({ ms, code }) => (code === status.OK ? ms : Number.POSITIVE_INFINITY)),
      0.99,
    ),
  };
}

function line(name: string, { rows }: { rows: Row[] }, i: number): string {
  const { load, goodput, refused, late, p99 } = rows[i]!;
  const peak = Math.max(...on.rows.map((row) => row.goodput));
  const share = (of: number) => `${(of * 100).toFixed(1)} %`;
  const ms = Number.isFinite(p99) ? `${p99.toFixed(0)} ms` : `over ${DEADLINE_MS} ms`;
  const first = name === "on" ? `${load} times` : "";
  return `| ${first} | ${name} | ${share(goodput / peak)} (${goodput.toFixed(0)} a second) | ${share(refused)} | ${share(late)} | ${ms} |`;
}
