/**
 * One fleet, called by each client, as tables: `npm run demo:fleet`. Three instances whose calls take 2, 10 and 80 ms stand behind
 * one key: who gets which share, what fails, how long calls take. Then, under load, every instance is replaced in turn (SIGTERM)
 * and one is killed (SIGKILL), for each client and for each kind of server. Exit 1 when a deploy has lost a call.
 * `--seconds n`: how long each client is measured; default 5.
 */
import { parseArgs } from "node:util";
import { startDevRegistry } from "../src/dev-registry/index.js";
import { setLogLevel } from "../src/log.js";
import { grpcCaller } from "../test/support/programs/callers.js";
import { Fleet } from "./clients/fleet.js";
import { Load, pause } from "./clients/load.js";
import { CLIENTS, type ClientRow, SERVERS } from "./clients/rows.js";

const LATENCIES = [2, 10, 80];
const { values } = parseArgs({ options: { seconds: { type: "string", default: "5" } } });
const measuredMs = Number(values.seconds) * 1000;

setLogLevel("error");
const registry = await startDevRegistry();
let keys = 0;

/** A fleet of one instance a latency, and its processes' numbers. */
async function fleetOf(kind: string, latencies: readonly number[]) {
  keys += 1;
  const key = `order${keys}.rpc`;
  const fleet = new Fleet(registry.endpoint, kind, key);
  const pids = await Promise.all(latencies.map((ms) => fleet.start(ms)));
  return { key, fleet, pids };
}

/** Each client in turn on the same fleet; one fleet for each kind of server that a client needs. */
async function uneven(clients: readonly ClientRow[]) {
  const fleets = new Map<string, Awaited<ReturnType<typeof fleetOf>>>();
  const rows: Record<string, object> = {};
  for (const { name, open, server = "createServer" } of clients) {
    const found = fleets.get(server) ?? (await fleetOf(server, LATENCIES));
    fleets.set(server, found);
    const { key, pids } = found;
    const load = new Load(open(registry.endpoint, key));
    await load.reach(pids, 20);
    load.reset();
    await pause(measuredMs);
    const { calls, failures, shares, p50, p99 } = await load.end();
    const share = (at: number) => `${Math.round((100 * (shares.get(pids[at]!) ?? 0)) / calls)} %`;
    const columns = LATENCIES.map((ms, at) => [`${ms} ms`, share(at)]);
    const times = { "p50 (ms)": Math.round(p50), "p99 (ms)": Math.round(p99) };
    rows[name] = { ...Object.fromEntries(columns), calls, failed: failures.length, ...times };
  }
  for (const { fleet } of fleets.values()) await fleet.stop();
  return rows;
}

/** @returns what was lost by replacing each instance in turn, and by a kill. */
async function deploy({ open }: Pick<ClientRow, "open">, server: string) {
  process.stderr.write(".");
  const { key, fleet, pids } = await fleetOf(server, [10, 10, 10]);
  const load = new Load(open(registry.endpoint, key));
  await load.reach(pids, 20);
  load.reset();
  const replaced: string[] = [];
  for (const pid of pids) {
    replaced.push(await fleet.start(10));
    await load.reach(replaced, 20);
    await fleet.end(pid, "SIGTERM");
  }
  const deployed = load.figures();
  load.reset();
  await fleet.end(replaced[0]!, "SIGKILL");
  await load.reach(replaced.slice(1), 100);
  const killed = await load.end();
  await fleet.stop();
  lost += deployed.failures.length;
  return {
    calls: deployed.calls,
    "lost by restarts": deployed.failures.length,
    "failed by SIGKILL": killed.failures.length,
    why: [...new Set([...deployed.failures, ...killed.failures])].join("; ").slice(0, 60),
  };
}

let lost = 0;
console.log(`Three instances of 2, 10 and 80 ms behind one key, 8 callers, ${values.seconds} s a client:`);
console.table(await uneven(CLIENTS));

const deploys: Record<string, object> = {};
for (const { name, open, server = "createServer" } of CLIENTS) deploys[name] = await deploy({ open }, server);
console.log("\nEvery one of three instances replaced in turn, then one killed, by client:");
console.table(deploys);

const servers: Record<string, object> = {};
for (const kind of SERVERS) servers[kind] = await deploy({ open: grpcCaller }, kind);
console.log("\nThe same by kind of server, called by createClient:");
console.table(servers);

await registry.close();
process.exitCode = lost === 0 ? 0 : 1;
