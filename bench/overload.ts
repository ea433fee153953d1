/**
 * Overload in real processes: one server whose calls keep its thread busy for 2 ms, one client with a deadline of 500 ms, calls
 * that come at random at 1 to 3 times what the server can do, and then at half. With shedding and pushback and, in the same run,
 * with clients that do not listen (grpc-js alone), and with neither.
 * `npm run bench:overload -- [--seconds 5] [--warm 2] [--write]`, about two minutes; --write fills docs/overload.md.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { credentials, status } from "@grpc/grpc-js";
import { createClient, setLogLevel } from "../src/index.js";
import { EchoClient } from "../test/support/echo.js";
import { percentile } from "./fleet/figures.js";
import { closedLoop, DEADLINE_MS, type Made, openLoop } from "./overload/load.js";
import { fillPage } from "./sim/page/page.js";

const LOADS = [1, 1.5, 2, 3];
const AFTERWARDS = 0.5;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    warm: { type: "string", default: "2" },
    write: { type: "boolean", default: false },
  },
});
const [forMs, warmMs] = [Number(values.seconds) * 1_000, Number(values.warm) * 1_000];
if (!(forMs > 0 && warmMs >= 0)) throw new Error("--seconds and --warm: want seconds");

setLogLevel("error");

interface Contestant {
  readonly name: string;
  readonly shedding: "on" | "off";
  client(address: string): EchoClient;
}

const rollcall = (address: string) => createClient(EchoClient, { Endpoints: [address], Timeout: 0 });
const CONTESTANTS: readonly Contestant[] = [
  { name: "shedding and pushback", shedding: "on", client: rollcall },
  {
    name: "shedding, a grpc-js client",
    shedding: "on",
    client: (address) => new EchoClient(address, credentials.createInsecure()),
  },
  { name: "neither", shedding: "off", client: rollcall },
];

interface Row {
  readonly load: number;
  /** Answered in time, calls a second. */
  readonly goodput: number;
  /** ... and for each second of CPU that the server was given, the time to warm up included. */
  readonly perCpu: number;
  readonly refused: number;
  readonly late: number;
  readonly p99: number;
  /** How late the load generator made its calls, the 99th percentile: near the deadline nothing is measured. */
  readonly madeLateMs: number;
}

const date = new Date().toISOString().slice(0, 10);
const before = loadavg()[0]!;
interface Result {
  readonly name: string;
  /** Calls a second. */
  readonly capacity: number;
  readonly rows: readonly Row[];
  readonly recoveryMs: number;
}

const results: Result[] = [];
for (const contestant of CONTESTANTS) results.push(await run(contestant));
/** Of all that was measured: what the server can do on this machine, now. */
const peak = Math.max(...results.flatMap(({ rows }) => rows.map(({ goodput }) => goodput)));
const peakPerCpu = Math.max(...results.flatMap(({ rows }) => rows.map(({ perCpu }) => perCpu)));
const capacities = results.map(({ capacity }) => capacity.toFixed(0)).join(", ");
const lateness = Math.max(...results.flatMap(({ rows }) => rows.map(({ madeLateMs }) => madeLateMs)));

const machine =
  `${date}, Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]!.model.trim()}, ` +
  `load average ${before.toFixed(1)} before; capacity ${capacities} calls a second, measured before each of the three; calls were made ` +
  `up to ${lateness.toFixed(0)} ms late (p99)`;
const lines = [
  "| load | with | answered in time, of the peak | the same for each CPU second | refused | late or lost | p99 of admitted calls |",
  "| --- | --- | --- | --- | --- | --- | --- |",
  ...LOADS.flatMap((_, i) => results.map((result) => line(result, i))),
  ...results.map(
    ({ name, recoveryMs }, i) =>
      `| ${i === 0 ? `back to ${AFTERWARDS}` : ""} | ${name} | in time again after ${recoveryMs.toFixed(0)} ms | | | | |`,
  ),
].join("\n");
console.log(`${machine}\n\n${lines}`);
if (values.write) {
  await fillPage("machine", machine, "docs/overload.md");
  await fillPage("table", lines, "docs/overload.md");
}

async function run({ name, shedding, client: make }: Contestant): Promise<Result> {
  const child = fork(new URL("./overload/server.ts", import.meta.url), [shedding], {
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "error" },
  });
  try {
    const [port] = (await once(child, "message")) as [number];
    const client = make(`127.0.0.1:${port}`);
    await closedLoop(client, 8, warmMs);
    const capacity = await closedLoop(client, 8, forMs / 2);
    const rows: Row[] = [];
    for (const load of LOADS) {
      const before = cpuSeconds(child.pid!);
      const made = await openLoop(client, load * capacity, warmMs + forMs);
      rows.push(figures(load, made, cpuSeconds(child.pid!) - before));
      console.error(name, JSON.stringify(rows.at(-1)));
    }
    // From the last load to the low one without a rest: calls of the heavy load are still under way.
    const heavy = openLoop(client, LOADS.at(-1)! * capacity, warmMs);
    await new Promise((resolve) => setTimeout(resolve, warmMs));
    const fellAt = performance.now();
    const light = await openLoop(client, AFTERWARDS * capacity, 8_000);
    await heavy;
    const lastBad = light.filter((made) => !isGood(made)).at(-1);
    client.close();
    return { name, capacity, rows, recoveryMs: lastBad ? lastBad.dueAt - fellAt : 0 };
  } finally {
    child.disconnect();
  }
}

/** What a process has used of the CPUs so far (Linux). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  // utime and stime, in ticks of a hundredth of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function figures(load: number, all: readonly Made[], cpu: number): Row {
  const from = all[0]!.dueAt + warmMs;
  const made = all.filter(({ dueAt }) => dueAt >= from);
  const good = made.filter(isGood);
  const refused = made.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
  const admitted = made.filter(({ code }) => code !== status.RESOURCE_EXHAUSTED);
  return {
    load,
    goodput: (good.length * 1_000) / forMs,
    perCpu: all.filter(isGood).length / cpu,
    refused: refused.length / made.length,
    late: (admitted.length - good.length) / made.length,
    p99: percentile(
      admitted.map(({ ms, code }) => (code === status.OK ? ms : Number.POSITIVE_INFINITY)),
      0.99,
    ),
    madeLateMs: percentile(
      made.map(({ madeLateMs }) => madeLateMs),
      0.99,
    ),
  };
}

function isGood({ ms, code }: Made): boolean {
  return code === status.OK && ms <= DEADLINE_MS;
}

function line({ name, rows }: Result, i: number): string {
  const { load, goodput, perCpu, refused, late, p99 } = rows[i]!;
  const share = (of: number) => `${(of * 100).toFixed(1)} %`;
  const ms = Number.isFinite(p99) ? `${p99.toFixed(0)} ms` : `over ${DEADLINE_MS} ms`;
  const first = name === CONTESTANTS[0]!.name ? `${load} times` : "";
  const cells = [
    first,
    name,
    `${share(goodput / peak)} (${goodput.toFixed(0)} a second)`,
    `${share(perCpu / peakPerCpu)} (${perCpu.toFixed(0)})`,
    share(refused),
    share(late),
    ms,
  ];
  return `| ${cells.join(" | ")} |`;
}
