/**
 * What a fleet costs its registry, and a large service its clients: a real etcd (one, then three of them) with more and more light but
 * real sessions, the storms after etcd has gone, and a client of very many instances. `npm run bench:fleet-cost -- [--servers 2000]
 * [--clients 200] [--services 50] [--instances 100000] [--steps 4] [--seconds 10] [--parts storms,large]`, some eight minutes; with
 * --write it also fills docs/scaling.md and its chart. Needs etcd.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { hold } from "../src/async/hold.js";
import { setLogLevel } from "../src/index.js";
import { startEtcd } from "../test/support/real-parts/etcd.js";
import { changes, type Told } from "./fleet-cost/changes.js";
import { Fleet } from "./fleet-cost/fleet.js";
import { GrpcProxy } from "./fleet-cost/grpc-proxy.js";
import { keepalives } from "./fleet-cost/keepalives.js";
import { grpcConnectionKb, largeServiceClient } from "./fleet-cost/large-service/large-service.js";
import { fill } from "./fleet-cost/large-service/large-service-source.js";
import { growthChart } from "./fleet-cost/page/growth-chart.js";
import * as report from "./fleet-cost/page/report.js";
import { Clients } from "./fleet-cost/sessions.js";
import { halvings, sizes, tenths } from "./fleet-cost/sizes.js";
import { logInStorm } from "./fleet-cost/storms/log-in-storms.js";
import { threeMembers } from "./fleet-cost/storms/members.js";
import { arrivals } from "./fleet-cost/storms/reconnects.js";
import { storm } from "./fleet-cost/storms/storm.js";
import { type Upkeep, upkeep } from "./fleet-cost/upkeep.js";
import { fillPage } from "./sim/page/page.js";
import { memoryMb } from "./support/process-cost.js";

const PAGE = "docs/scaling.md";
/** As many as a client connects to by default. */
const GRPC_CONNECTIONS = 500;
/** To all instances that there are, a client is connected up to so many. */
const MOST_CONNECTIONS = 10_000;
const CHART = "docs/scaling/growth.svg";

const size = sizes(process.argv.slice(2));
const { servers, clients, services, instances, steps, forMs } = size;
const began = performance.now();
const panels: report.Panels = {};
setLogLevel("silent");
hold(); // neither a pool nor a connection to etcd holds a process

await show("machine", report.conditions(servers, clients, services));
const one = ["upkeep", "renewals", "changes", "storms"] as const;
if (one.some((part) => size.wants(part))) await oneEtcd();
if (size.wants("reconnects")) {
  const rows = await Promise.all([0, 1, 10].map((awayS) => arrivals(servers + clients, awayS)));
  await show("reconnects", report.arrivals(servers + clients, rows));
}
if (size.wants("logins")) await logIns();
if (size.wants("members")) {
  await show("members", report.members(servers, clients, await threeMembers(servers, clients, services, forMs)));
}
if (size.wants("large")) await largeService();
if (size.write) {
  mkdirSync("docs/scaling", { recursive: true });
  const title = "How the costs grow; 45 degrees are growth in proportion";
  writeFileSync(CHART, growthChart(title, report.inOrder(panels)));
}
console.log(`\nall of it took ${Math.round((performance.now() - began) / 1_000)} s`);
process.exit();

/** One etcd carries more and more of the fleet, and is then killed. */
async function oneEtcd(): Promise<void> {
  const etcd = await startEtcd({ args: ["--snapshot-count=10000"] });
  const fleet = new Fleet({ hosts: [etcd.endpoint] }, services);
  const rows: Upkeep[] = [await upkeep(etcd, 0, 0, forMs)];
  const told: { clients: number; etcd: Told; proxy?: Told }[] = [];
  for (const count of halvings(servers, steps)) {
    await fleet.servers.grow(count);
    if (size.wants("upkeep")) rows.push(await upkeep(etcd, count, 0, forMs));
  }
  for (const count of halvings(clients, steps)) {
    await fleet.clients.grow(count);
    if (size.wants("upkeep")) rows.push(await upkeep(etcd, servers, count, forMs));
    if (size.wants("changes")) told.push({ clients: count, etcd: (await changes(etcd, [etcd], services, forMs))[0]! });
  }
  if (size.wants("upkeep")) {
    await show("upkeep", report.upkeep(rows, services));
    Object.assign(panels, report.upkeepPanels(rows, services));
  }
  if (size.wants("renewals")) await show("renewals", report.renewals(await keepalives(etcd)));
  if (size.wants("storms")) {
    const storms = [];
    for (const wipe of [false, true]) {
      const what = wipe ? "without its data" : "with its data";
      storms.push({ what, storm: await storm([etcd], fleet, () => etcd.restart({ wipe })) });
    }
    await show("storms", report.storms("etcd comes back", fleet.sessions, storms));
  }
  if (size.wants("changes")) {
    fleet.clients.stop();
    const proxy = await GrpcProxy.start(etcd);
    const behind = new Clients({ hosts: [proxy.endpoint] }, services);
    await behind.grow(clients);
    try {
      const [own, its] = await changes(etcd, [etcd, proxy], services, forMs);
      told.push({ clients, etcd: own!, proxy: its! });
    } catch (error) {
      if (proxy.failure === undefined) throw error;
      console.log(`etcd's grpc-proxy has ended by itself: ${proxy.failure}`);
    }
    behind.stop();
    await proxy.stop();
    await show("changes", report.changes(told));
  }
  await fleet.stop();
  await etcd.stop();
}

/** etcd asks for passwords, and is killed beside fleets of which each process has to log in again. */
async function logIns(): Promise<void> {
  const few = (share: number) => [Math.ceil(servers / share), Math.ceil(clients / share)] as const;
  const rows = [];
  for (const [tokens, cost, part] of [
    ["simple", 10, 20],
    ["simple", 10, 10],
    ["simple", 10, 5],
    ["simple", 4, 1],
    ["jwt", 4, 1],
  ] as const) {
    const [some, callers] = few(part);
    const came = await logInStorm({ tokens, cost }, some, callers, services);
    rows.push({ tokens, cost, sessions: some + callers, storm: came });
  }
  await show("logins", report.logIns(rows));
}

/** Clients of a service with more and more instances, with instances at hand and through a real etcd. */
async function largeService(): Promise<void> {
  const rows: report.LargeService[] = [];
  const etcd = await startEtcd();
  let filled = 0;
  for (const count of tenths(instances, 3)) {
    for (const subset of [100, 0, ...(count <= MOST_CONNECTIONS ? [count] : [])]) {
      rows.push({ instances: count, subset, cost: await largeServiceClient({ instances: count, subset }) });
    }
    await fill(etcd.endpoint, filled, count);
    filled = count;
    const cost = await largeServiceClient({ instances: count, subset: 100, endpoint: etcd.endpoint });
    rows.push({ instances: count, subset: 100, cost, etcdMb: memoryMb(etcd) });
  }
  await etcd.stop();
  await show("large", report.largeService(rows));
  await show("connection", report.connection(GRPC_CONNECTIONS, await grpcConnectionKb(GRPC_CONNECTIONS)));
  Object.assign(panels, report.largePanels(rows));
}

/** On the screen, and with --write between the page's markers of this name. */
async function show(name: string, text: string): Promise<void> {
  console.log(`\n${text}`);
  if (size.write) await fillPage(name, text, PAGE);
}
