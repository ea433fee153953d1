/**
 * What observing costs: calls per second of a client with nothing on, with the flight recorder, with the parts of OpenTelemetry's
 * SDK and Prometheus, with everything on, and with spans made by hand, in short paired runs that take turns; each variant in a
 * process of its own. `npm run bench:observe [rounds] [dist]`: a second build, of a commit without this code, is run beside them.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

interface Run {
  readonly callsPerSecond: number;
  /** CPU of the client process, in microseconds. */
  readonly cpuPerCall: number;
}

const rounds = Number(process.argv[2] ?? 60);
const before = process.argv[3];
const dist = new URL("../dist/index.js", import.meta.url).href;
const VARIANTS: Record<string, { dist: string; on: string; decisions: string }> = {
  "nothing on": { dist, on: "", decisions: "0" },
  "recorder on": { dist, on: "", decisions: "4096" },
  "and Prometheus": { dist, on: "prometheus", decisions: "4096" },
  "and the SDK's metrics": { dist, on: "metrics", decisions: "4096" },
  "and spans, 1 in 100": { dist, on: "traces,sampled", decisions: "4096" },
  "and spans of all calls": { dist, on: "traces", decisions: "4096" },
  "all on, 1 span in 100": { dist, on: "prometheus,metrics,traces,sampled", decisions: "4096" },
  "all on": { dist, on: "prometheus,metrics,traces", decisions: "4096" },
  "a span by hand": { dist, on: "traces,by-hand", decisions: "0" },
  ...(before && { "without the code": { dist: resolve(before, "index.js"), on: "", decisions: "0" } }),
};

const servers = fork(new URL("./support/echo-servers.ts", import.meta.url), ["0", "0", "0"], {
  execArgv: ["--import", "tsx"],
});
const [endpoints] = (await once(servers, "message")) as [string[]];
const clients = new Map<string, ChildProcess>();
for (const [name, { dist, on, decisions }] of Object.entries(VARIANTS)) {
  const child = fork(new URL("./support/observed-client.ts", import.meta.url), [dist, on, endpoints.join(",")], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, ROLLCALL_DECISIONS: decisions, ROLLCALL_LOG_LEVEL: "warn" },
  });
  clients.set(name, child);
  await run(child, 2_000); // JIT and connections are warm when it counts
}

const runs = new Map<string, Run[]>([...clients.keys()].map((name) => [name, []]));
const names = [...clients.keys()];
for (let round = 0; round < rounds; round++) {
  for (let turn = 0; turn < names.length; turn++) {
    const name = names[(round + turn) % names.length]!;
    runs.get(name)!.push(await run(clients.get(name)!, 250));
  }
}
console.log(`${rounds} paired runs of 250 ms, 32 calls in flight, Node ${process.version}`);
for (const [name, own] of runs) {
  const reference = runs.get(name === "nothing on" && before ? "without the code" : "nothing on")!;
  const ratios = own.map((one, i) => one.callsPerSecond / reference[i]!.callsPerSecond);
  const cpu = own.map((one, i) => reference[i]!.cpuPerCall / one.cpuPerCall);
  console.log(
    `  ${name.padEnd(23)} ${spread(
      own.map((one) => one.callsPerSecond),
      0,
    )} calls/s  ` +
      `${spread(
        own.map((one) => one.cpuPerCall),
        1,
      )} µs CPU a call  ratio ${spread(ratios, 3)}, by CPU ${spread(cpu, 3)}`,
  );
}
for (const child of clients.values()) child.disconnect();
servers.disconnect();

async function run(child: ChildProcess, ms: number): Promise<Run> {
  child.send(ms);
  const over = new AbortController();
  const { signal } = over;
  const gone = once(child, "exit", { signal }).then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
  try {
    const [result] = (await Promise.race([once(child, "message", { signal }), gone])) as [Run];
    return result;
  } finally {
    over.abort();
  }
}

/** Median, with the quartiles in brackets. */
function spread(values: readonly number[], digits: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]!.toFixed(digits);
  return `${at(0.5)} [${at(0.25)} .. ${at(0.75)}]`;
}
