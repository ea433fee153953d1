/**
 * What observing costs: calls per second of a client with nothing on, with the flight recorder, with the parts of OpenTelemetry's
 * SDK and Prometheus, with everything on, and with what anybody's would cost: asynchronous context, a span made by hand, all the same
 * spans and metrics made by hand. In short paired runs that take turns; each variant in a process of its own, made anew for each
 * repetition.
 * `npm run bench:observe [repetitions] [dist]`, about thirteen minutes: a second build, of a commit without this code, is run beside them.
 */
import { resolve } from "node:path";
import { ratio, spread } from "./turns/figures.js";
import { contestant, takeTurns } from "./turns/turns.js";

const repetitions = Number(process.argv[2] ?? 10);
const [ROUNDS, RUN_MS] = [12, 200];
const before = process.argv[3];
const dist = new URL("../dist/index.js", import.meta.url).href;
const VARIANTS: Record<string, { dist: string; on: string; decisions: string }> = {
  "nothing on": { dist, on: "", decisions: "0" },
  "recorder on": { dist, on: "", decisions: "4096" },
  "and Prometheus": { dist, on: "prometheus", decisions: "4096" },
  "and the SDK's metrics": { dist, on: "metrics", decisions: "4096" },
  "and spans, 1 in 100": { dist, on: "traces,sampled", decisions: "4096" },
  "and spans of all calls": { dist, on: "traces", decisions: "4096" },
  "and all but Prometheus": { dist, on: "metrics,traces", decisions: "4096" },
  "all on, 1 span in 100": { dist, on: "prometheus,metrics,traces,sampled", decisions: "4096" },
  "all on": { dist, on: "prometheus,metrics,traces", decisions: "4096" },
  "asynchronous context": { dist, on: "context", decisions: "0" },
  "a span by hand": { dist, on: "traces,by-hand", decisions: "0" },
  "and metrics by hand": { dist, on: "metrics,traces,by-hand", decisions: "0" },
  ...(before && { "without the code": { dist: resolve(before, "index.js"), on: "", decisions: "0" } }),
};

const results = await takeTurns({
  servers: "echo-servers.ts",
  delays: [0, 0, 0],
  contestants: Object.keys(VARIANTS),
  start: (name, addresses: readonly string[]) => {
    const { dist, on, decisions } = VARIANTS[name]!;
    return contestant("observed-client.ts", [dist, on, addresses.join(",")], { ROLLCALL_DECISIONS: decisions });
  },
  repetitions,
  rounds: ROUNDS,
  runMs: RUN_MS,
  warmMs: 2_500,
});
const reference = before ? "without the code" : "nothing on";
console.log(
  `${repetitions} repetitions of ${ROUNDS} runs of ${RUN_MS} ms, 32 calls in flight, Node ${process.version}`,
);
for (const [name, own] of results) {
  const to = results.get(name === "nothing on" ? reference : "nothing on")!;
  const figures = [`${spread(own, "callsPerSecond")} calls/s`, `${spread(own, "cpuPerCall")} µs CPU a call`];
  console.log(
    `  ${name.padEnd(23)} ${figures.join("   ")}   ${ratio(own, to)} times, by CPU ${ratio(to, own, "cpuPerCall")}`,
  );
}
const [ours, byHand] = [results.get("and all but Prometheus")!, results.get("and metrics by hand")!];
console.log(
  `  all but Prometheus, to as much by hand: ${ratio(ours, byHand)} times, by CPU ${ratio(byHand, ours, "cpuPerCall")}`,
);
