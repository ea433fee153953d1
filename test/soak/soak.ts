/**
 * A day of life in ten minutes: servers join and leave, etcd is restarted, clients come and go, calls are made all the while, in one
 * process. Lines are fitted to what it holds; one that rises fails the run. `npm run test:soak`, with `SOAK_SECONDS=60` for
 * a look; needs etcd. Not part of `make test`.
 */

import { setLogLevel } from "../../src/index.js";
import { held } from "../deploy/processes/held.js";
import { startEtcd } from "../support/real-parts/etcd.js";
import { countListeners } from "./listeners.js";
import { Stage } from "./stage.js";
import { trend } from "./trend.js";

const SECONDS = Number(process.env.SOAK_SECONDS ?? 600);
if (!(SECONDS > 0)) throw new Error(`SOAK_SECONDS=${process.env.SOAK_SECONDS}: want a number of seconds above 0`);
/** What is compiled, cached and pooled at first is no leak. */
const WARM_SHARE = 0.25;
const SERVERS = 4;
const RESTART_EVERY = 5;
const END_LIMIT_MS = 60_000;

/** What may grow over a run all the same: code is compiled later, too, and retired connections come and go. */
const ALLOWED = { heapBytes: 1_000_000, handles: 2, sockets: 2, listeners: 20 };
type Kind = keyof typeof ALLOWED;

setLogLevel("silent");
const etcd = await startEtcd();
const stage = new Stage(etcd);
const samples: ({ readonly at: number } & Readonly<Record<Kind, number>>)[] = [];
for (let i = 0; i < SERVERS; i++) await stage.join();
await stage.settled();

const began = performance.now();
const seconds = () => (performance.now() - began) / 1_000;
let restarts = 0;
let listeners = countListeners();
let warmListeners = listeners;
for (let round = 1; seconds() < SECONDS; round++) {
  if (round % RESTART_EVERY === 0) {
    await etcd.restart();
    restarts += 1;
  }
  await stage.join();
  await stage.leave();
  await stage.passing();
  await stage.settled();
  const { heapBytes, sockets } = await held();
  const handles = process.getActiveResourcesInfo().length;
  listeners = countListeners();
  if (seconds() < SECONDS * WARM_SHARE) warmListeners = listeners;
  const sum = [...listeners.values()].reduce((total, count) => total + count, 0);
  samples.push({ at: seconds(), heapBytes, sockets, handles, listeners: sum });
}

const { calls, failures } = stage.traffic;
console.log(
  `${SECONDS} s: ${calls} calls, ${failures.length} failed, ${stage.joins} joins, ${stage.leaves} leaves, ` +
    `${restarts} restarts of etcd, ${samples.length} samples`,
);
for (const failure of failures.slice(0, 10)) console.log(failure);
const warm = samples.filter(({ at }) => at > SECONDS * WARM_SHARE);
let rises = failures.length > 0;
for (const kind of Object.keys(ALLOWED) as Kind[]) {
  const { growth, atLeast } = trend(warm.map((sample) => [sample.at, sample[kind]] as const));
  const values = warm.map((sample) => sample[kind]);
  const bad = atLeast > ALLOWED[kind];
  rises ||= bad;
  console.log(
    `${bad ? "✗" : "✓"} ${kind}: ${Math.min(...values)} to ${Math.max(...values)}, grew by ${growth.toFixed(1)}, ` +
      `for certain by ${Math.max(0, atLeast).toFixed(1)}; allowed ${ALLOWED[kind]}`,
  );
}
if (rises) {
  const more = [...listeners].map(([name, count]) => ({ name, by: count - (warmListeners.get(name) ?? 0) }));
  for (const { name, by } of more.filter(({ by: grown }) => grown > 1)) console.log(`  ${by} more listeners: ${name}`);
}

await stage.end();
await etcd.stop();
process.exitCode = rises ? 1 : 0;
setTimeout(() => {
  console.log(`✗ the process does not end: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(1);
}, END_LIMIT_MS).unref();
