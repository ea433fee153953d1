/**
 * What networks do to calls: several hosts in network namespaces, real etcd, a server process on each host; Rollcall and
 * grpc-js' round_robin call the same instances at the same time. `npm run bench:network [-- --trials power,loss10]`, about seven
 * minutes for everything; needs root, `ip netns`, tc with its packet filter, and etcd.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import grpcJs from "@grpc/grpc-js/package.json" with { type: "json" };
import { lanSkipReason } from "../test/support/network/lan.js";
import { etcdSkipReason } from "../test/support/real-parts/etcd.js";
import { RATE, type Result, run } from "./network/run.js";
import { table } from "./network/table.js";
import { type Trial, trials } from "./network/trials.js";

const { values: options } = parseArgs({ options: { trials: { type: "string" } } });
const skip = lanSkipReason() || etcdSkipReason();
if (skip) throw new Error(skip);

const load = loadavg()[0]!.toFixed(1);
const results: { trial: Trial; result: Result }[] = [];
for (const name of options.trials?.split(",") ?? Object.keys(trials)) {
  const trial = trials[name];
  if (!trial) throw new Error(`--trials: no trial "${name}", there are ${Object.keys(trials).join(", ")}`);
  const result = await run(trial);
  results.push({ trial, result });
  console.error(`${name}: ${JSON.stringify(result)}`);
}
console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, grpc-js ${grpcJs.version}, ${RATE} calls a second of each client, ` +
    `load ${load} at the start\n\n${table(results)}`,
);
