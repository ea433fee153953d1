import type { InstanceRow, MapEdge, MapNode } from "./model.js";
import type { ProcessReport } from "./process-report.js";
import { type StatsBook, toDigits } from "./stats.js";

/**
 * Who calls whom: services and the client processes that serve nothing, those of one name together. A process that serves calls
 * as its service.
 */
export function mapOf(
  rows: readonly InstanceRow[],
  reports: readonly ProcessReport[],
  stats: StatsBook,
): { nodes: MapNode[]; edges: MapEdge[] } {
  const nodes = new Map<string, MapNode>();
  const add = (node: Omit<MapNode, "size">, size: number) =>
    nodes.set(node.id, { ...node, size: (nodes.get(node.id)?.size ?? 0) + size });
  for (const { service, paused } of rows) add(serviceNode(service), paused ? 0 : 1);

  const edges = new Map<string, MapEdge>();
  for (const report of reports) {
    const services = [...new Set(report.calls.map(({ service }) => service).filter(Boolean))];
    if (services.length === 0) continue;
    const own = [...new Set(report.serves.map(({ service }) => service))];
    const callers = own.length > 0 ? own.map(serviceNode) : [clientNode(report.name)];
    for (const caller of callers) {
      add(caller, caller.kind === "client" ? 1 : 0);
      for (const service of services) {
        add(serviceNode(service), 0);
        const rate = stats.ofCaller(report.id, service);
        const name = `${caller.id} ${service}`;
        edges.set(name, withProcess(edges.get(name) ?? edge(caller.id, service), rate));
      }
    }
  }
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  return {
    nodes: [...nodes.values()].sort(byId),
    edges: [...edges].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => rounded(one)),
  };
}

function serviceNode(service: string): Omit<MapNode, "size"> {
  return { id: `service:${service}`, name: service, kind: "service" };
}

function clientNode(name: string): Omit<MapNode, "size"> {
  return { id: `client:${name}`, name, kind: "client" };
}

function edge(from: string, service: string): MapEdge {
  return { from, to: serviceNode(service).id, processes: 0 };
}

function withProcess(before: MapEdge, rate: { callsPerSecond: number; failureShare: number } | undefined): MapEdge {
  const processes = before.processes + 1;
  if (!rate) return { ...before, processes };
  const callsBefore = before.callsPerSecond ?? 0;
  const callsPerSecond = callsBefore + rate.callsPerSecond;
  const failed = callsBefore * (before.failureShare ?? 0) + rate.callsPerSecond * rate.failureShare;
  return { ...before, processes, callsPerSecond, failureShare: callsPerSecond > 0 ? failed / callsPerSecond : 0 };
}

function rounded(one: MapEdge): MapEdge {
  if (one.callsPerSecond === undefined) return one;
  return {
    ...one,
    callsPerSecond: toDigits(one.callsPerSecond),
    failureShare: Number((one.failureShare ?? 0).toFixed(3)),
  };
}
