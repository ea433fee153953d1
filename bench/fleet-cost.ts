/**
 * What a fleet costs its registry: a real etcd with more and more light but real sessions, servers first (session, lease, key) and then
 * clients (session, watches of 50 services), and the storm after etcd restarts, with its data and without.
 * `npm run bench:fleet-cost [servers, default 1000] [clients, default 100]`, some five minutes; needs etcd.
 */
import { setLogLevel } from "../src/index.js";
import { etcdctl, startEtcd } from "../test/support/etcd.js";
import { until } from "../test/support/until.js";
import { memoryMb, pause, requests, upkeepMs } from "./fleet-cost/etcd-cost.js";
import { keepalives } from "./fleet-cost/keepalives.js";
import { Clients, Servers } from "./fleet-cost/sessions.js";

const SERVICES = 50;
const [mostServers = 1_000, mostClients = 100] = process.argv.slice(2).map(Number);
/** Upkeep is measured for so long: five renewals of each lease. */
const MEASURE_MS = 16_000;
const SETTLE_MS = 4_000;

/** Half as many at each step down from the most. */
const steps = (most: number) => [16, 8, 4, 2, 1].map((part) => Math.round(most / part));
const rounded = (value: number, digits = 1) => Number(value.toFixed(digits));

setLogLevel("silent");
const etcd = await startEtcd({ args: ["--snapshot-count=10000"] });
const servers = new Servers(etcd.endpoint, SERVICES);
const clients = new Clients(etcd.endpoint, SERVICES);

async function row(what: string, count: number, more: object = {}) {
  await pause(SETTLE_MS);
  const before = await requests(etcd);
  const upkeep = await upkeepMs(etcd, MEASURE_MS);
  const rate = ((await requests(etcd)) - before) / (MEASURE_MS / 1_000);
  const cpu = { "etcd's CPU (ms/s)": rounded(upkeep), "its memory (MB)": Math.round(memoryMb(etcd)) };
  return { [what]: count, ...cpu, "requests/s": Math.round(rate), ...more };
}

console.log(
  `Upkeep, nothing happening: servers (a session, a lease of 10 s and a key each), then clients of ${SERVICES} services beside them`,
);
const upkeep = [await row("servers", 0)];
for (const count of steps(mostServers)) {
  await servers.grow(count);
  upkeep.push(await row("servers", count));
}
console.table(upkeep);
const watched = [];
for (const count of steps(mostClients)) {
  await clients.grow(count);
  watched.push(await row("clients", count, { watches: count * SERVICES }));
}
console.table(watched);

console.log("The same renewals, each over a stream of its own or all over one that stands:");
console.table(await keepalives(etcd));

/** Etcd dies and is back: how long until every session watches again and every server is listed, and how much they ask of it. */
async function storm(wipe: boolean) {
  const began = performance.now();
  await etcd.restart({ wipe });
  const up = performance.now();
  let [most, before] = [0, 0];
  const sampler = setInterval(async () => {
    const now = await requests(etcd);
    if (Number.isNaN(now)) return;
    most = Math.max(most, now - before);
    before = now;
  }, 1_000);
  const isBack = async () =>
    (await requests(etcd, "Watch")) >= mostServers + mostClients && (await listed(etcd.endpoint)) === mostServers;
  await until(isBack, "everybody is back", 120_000);
  const backMs = performance.now() - up;
  await pause(3_000);
  clearInterval(sampler);
  return {
    restart: wipe ? "without its data" : "with its data",
    "away (s)": rounded((up - began) / 1_000),
    "all back after (s)": rounded(backMs / 1_000),
    "most requests in a second": most,
    requests: await requests(etcd),
  };
}

/** Instances that etcd lists. */
async function listed(endpoint: string): Promise<number> {
  const counted = await etcdctl(endpoint, "get", "service", "--prefix", "--count-only", "--write-out=fields");
  return Number(/"Count" : (\d+)/.exec(counted)?.[1]);
}

console.log(`etcd is killed and comes back, beside ${mostServers} servers and ${mostClients} clients:`);
console.table([await storm(false), await storm(true)]);

clients.stop();
await Promise.race([servers.stop(), pause(20_000)]);
await etcd.stop();
process.exit();
