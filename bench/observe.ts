/**
 * What observing costs: calls per second of a client with nothing on, with the flight recorder, with the parts of OpenTelemetry's
 * SDK and Prometheus, with everything on, and with spans made by hand, in short paired runs that take turns; each variant in a
 * process of its own. `npm run bench:observe [rounds] [dist]`: a second build, of a commit without this code, is run beside them.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { contestant, inTurns, ratios, spread, warmUp } from "./turns/turns.js";

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
  const args = [dist, on, endpoints.join(",")];
  clients.set(name, await contestant("observed-client.ts", args, { ROLLCALL_DECISIONS: decisions }));
}
await warmUp(clients, 2_000);
const runs = await inTurns(clients, rounds, 250);
console.log(`${rounds} paired runs of 250 ms, 32 calls in flight, Node ${process.version}`);
for (const [name, own] of runs) {
  const reference = runs.get(name === "nothing on" && before ? "without the code" : "nothing on")!;
  const cpu = own.map((one, i) => reference[i]!.cpuPerCall / one.cpuPerCall);
  console.log(
    `  ${name.padEnd(23)} ${spread(
      own.map((one) => one.callsPerSecond),
      0,
    )} calls/s  ` +
      `${spread(
        own.map((one) => one.cpuPerCall),
        1,
      )} µs CPU a call  ratio ${spread(ratios(own, reference), 3)}, by CPU ${spread(cpu, 3)}`,
  );
}
for (const child of clients.values()) child.disconnect();
servers.disconnect();
