import { etcdVersion } from "../../../test/support/real-parts/etcd.js";
import { table } from "../../sim/page/table.js";
import { cores } from "../../support/machine.js";
import type { Told } from "../changes.js";
import type { Renewal } from "../keepalives.js";
import type { LargeServiceCost } from "../large-service/large-service-program.js";
import type { Authentication } from "../storms/log-in-storms.js";
import type { ThreeMembers } from "../storms/members.js";
import type { Arrivals } from "../storms/reconnects.js";
import type { Storm } from "../storms/storm.js";
import type { Upkeep } from "../upkeep.js";
import type { Line, Panel } from "./growth-chart.js";
import { slope } from "./slope.js";

export interface LargeService {
  readonly instances: number;
  readonly subset: number;
  readonly cost: LargeServiceCost;
  /** What etcd holds, where the instances come from one. */
  readonly etcdMb?: number;
}

const count = (value: number) => Math.round(value).toLocaleString("en");
/** Three digits that count. */
const figure = (value: number) => Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });

export function conditions(servers: number, clients: number, services: number): string {
  return (
    `${new Date().toISOString().slice(0, 10)}, etcd ${etcdVersion()?.join(".")}, Node ${process.version}, ${cores()} ` +
    `for etcd and the fleet together; ${count(servers)} servers, ${count(clients)} clients of ${services} services each.`
  );
}

export function upkeep(rows: readonly Upkeep[], services: number): string {
  const lines = rows.map((one) => [
    count(one.servers),
    count(one.clients),
    count(one.clients * services),
    figure(one.cpuMs),
    figure(one.memoryMb),
    count(one.requests),
  ]);
  const head = ["servers", "clients", "watches", "etcd's CPU, ms a second", "its memory, MB", "requests a second"];
  const { ofServers, ofClients } = split(rows);
  const per = [
    [ofServers, "1,000 instances", 1_000, (one: Upkeep) => one.servers],
    [ofClients, "1,000 watches", 1_000, (one: Upkeep) => one.clients * services],
  ] as const;
  const slopes = per.flatMap(([some, what, thousand, x]) => {
    if (some.length < 2) return [];
    const of = (y: (one: Upkeep) => number) => slope(some.map((one) => ({ x: x(one), y: y(one) }))) * thousand;
    const shown = (value: number) => (value > 0 ? figure(value) : "too little to show");
    return [[what, shown(of((one) => one.cpuMs)), shown(of((one) => one.memoryMb))]];
  });
  const each = ["each more of", "etcd's CPU, ms a second", "its memory, MB"];
  return `${table(head, lines)}\n\n${table(each, slopes)}`;
}

export function renewals(rows: readonly Renewal[]): string {
  const lines = rows.map(({ how, cpuUs }) => [how, figure(cpuUs)]);
  return table(["a renewal of a lease over", "etcd's CPU, µs"], lines);
}

export function changes(rows: readonly { clients: number; etcd: Told; proxy?: Told }[]): string {
  const lines = rows.map(({ clients, etcd, proxy }) => [
    `${count(clients)}${proxy ? ", behind grpc-proxy" : ""}`,
    figure(etcd.costUs),
    figure(etcd.costUs / clients),
    proxy ? `${figure(proxy.costUs)} µs, ${figure(proxy.memoryMb)} MB` : "",
  ]);
  return table(["clients told of each change", "etcd's CPU a change, µs", "for each client", "the proxy's"], lines);
}

export function arrivals(connections: number, rows: readonly Arrivals[]): string {
  const lines = rows.map(({ awayS, inTenth, inSecond, allS }) => [
    awayS === 0 ? "at once, from another member" : `after ${awayS} s`,
    count(inTenth),
    count(inSecond),
    figure(allS),
  ]);
  const head = [
    `${count(connections)} lose etcd, which answers again`,
    "in the busiest 0.1 s",
    "in the busiest second",
    "all after, s",
  ];
  return table(head, lines);
}

export function storms(
  what: string,
  sessions: number,
  rows: readonly { readonly what: string; readonly storm: Storm }[],
): string {
  const lines = rows.map(({ what, storm }) => [what, count(sessions), ...stormCells(storm)]);
  return table([what, "sessions", ...STORM], lines);
}

export function logIns(rows: readonly (Authentication & { sessions: number; storm: Storm })[]): string {
  const lines = rows.map(({ tokens, cost, sessions, storm }) => [
    `${tokens}, bcrypt cost ${cost}`,
    count(sessions),
    ...stormCells(storm),
    count(storm.logIns),
  ]);
  return table(["tokens", "sessions", ...STORM, "log-ins"], lines);
}

export function members(servers: number, clients: number, { members: all, failover }: ThreeMembers): string {
  const lines = all.map(({ leads, cpuMs, memoryMb }) => [leads ? "leads" : "follows", figure(cpuMs), figure(memoryMb)]);
  const costs = table(["member", "its CPU, ms a second", "its memory, MB"], lines);
  const rows = [{ what: "the leader is killed", storm: failover }];
  return `${costs}\n\n${storms("of three members", servers + clients, rows)}`;
}

export function largeService(rows: readonly LargeService[]): string {
  const lines = rows.map(({ instances, subset, cost, etcdMb }) => [
    `${count(instances)}${etcdMb === undefined ? "" : `, from etcd (${figure(etcdMb)} MB)`}`,
    subset === 0 ? `${count(cost.connections)}, the default` : count(cost.connections),
    figure(cost.firstPickMs),
    figure(cost.memoryMb),
    figure(cost.changeMs),
    figure(cost.pickNs),
  ]);
  const head = [
    "instances",
    "connected to",
    "first pick after, ms",
    "memory, MB",
    "a change, ms of CPU",
    "a pick, ns of CPU",
  ];
  return table(head, lines);
}

export function connection(connections: number, kb: number): string {
  return (
    `Here the connections are empty objects, so that only Rollcall is measured. A gRPC client that is really connected to ` +
    `${count(connections)} instances holds ${figure(kb)} kB more for each of them.`
  );
}

/** Panels of the chart by name, in the order in which they are drawn. */
export type Panels = { [name in (typeof ORDER)[number]]?: Panel };
const ORDER = ["serversCpu", "serversMemory", "clientMemory", "clientChange", "clientFirst", "clientPick"] as const;

export function inOrder(panels: Panels): Panel[] {
  return ORDER.flatMap((name) => panels[name] ?? []);
}

export function upkeepPanels(rows: readonly Upkeep[], services: number): Panels {
  const { ofServers, ofClients } = split(rows);
  const lines = (of: (one: Upkeep) => number): Line[] => [
    { name: "instances", points: above(ofServers, (one) => one.servers, of) },
    { name: "watches", points: above(ofClients, (one) => one.clients * services, of) },
  ];
  const x = "instances, watches";
  return {
    serversCpu: { title: "etcd's CPU for them, ms a second", of: x, lines: lines((one) => one.cpuMs) },
    serversMemory: { title: "etcd's memory for them, MB", of: x, lines: lines((one) => one.memoryMb) },
  };
}

export function largePanels(rows: readonly LargeService[]): Panels {
  const of = (title: string, value: (cost: LargeServiceCost) => number): Panel => {
    const kinds = new Map<string, Line["points"]>();
    for (const { instances, subset, cost, etcdMb } of rows) {
      const from = etcdMb === undefined ? "" : ", etcd";
      const to = subset === 100 ? "100" : subset === 0 ? "500 at most" : "all";
      const name = `connected to ${to}${from}`;
      kinds.set(name, [...(kinds.get(name) ?? []), { n: instances, value: value(cost) }]);
    }
    return { title, of: "instances", lines: [...kinds].map(([name, points]) => ({ name, points })) };
  };
  return {
    clientMemory: of("a client's memory, MB", ({ memoryMb }) => memoryMb),
    clientChange: of("a change, ms of a client's CPU", ({ changeMs }) => changeMs),
    clientFirst: of("a client's first pick after, ms", ({ firstPickMs }) => firstPickMs),
    clientPick: of("a pick, ns of a client's CPU", ({ pickNs }) => pickNs),
  };
}

const STORM = ["etcd away, s", "all back after, s", "most requests in a second", "requests", "leases lost"];

function stormCells({ awayS, backS, most, requests, leases }: Storm): string[] {
  return [figure(awayS), figure(backS), count(most), count(requests), count(leases)];
}

/** The rows in which servers grow, and those in which clients grow beside them. */
function split(rows: readonly Upkeep[]): { ofServers: Upkeep[]; ofClients: Upkeep[] } {
  const ofServers = rows.filter(({ clients }) => clients === 0);
  return { ofServers, ofClients: [ofServers.at(-1)!, ...rows.filter(({ clients }) => clients > 0)] };
}

/** What comes on top of the first row. */
function above(rows: readonly Upkeep[], n: (one: Upkeep) => number, of: (one: Upkeep) => number): Line["points"] {
  const [first, ...others] = rows;
  return others.map((one) => ({ n: n(one), value: of(one) - of(first!) }));
}
