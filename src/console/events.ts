import type { EventKind, FleetEvent, InstanceRow, MapEdge, MapNode } from "./model.js";

/** An event that has no number yet. */
export type News = Omit<FleetEvent, "id" | "at">;

/** What happened to instances between two looks. @param why says why one left. */
export function newsOfRows(
  before: readonly InstanceRow[],
  after: readonly InstanceRow[],
  why: (left: InstanceRow) => string | undefined,
): News[] {
  const is = new Map(after.map((row) => [row.id, row]));
  const was = new Map(before.map((row) => [row.id, row]));
  const left = before.filter(({ id }) => !is.has(id)).map((row) => newsOf("left", row, why(row)));
  const others = after.flatMap((row) => {
    const old = was.get(row.id);
    return old ? changesOf(old, row) : [newsOf(row.paused ? "paused" : "joined", row, facts(row))];
  });
  return [...left, ...others];
}

function changesOf(old: InstanceRow, row: InstanceRow): News[] {
  const news: News[] = [];
  if (old.paused !== row.paused) news.push(newsOf(row.paused ? "paused" : "resumed", row));
  // The first answer is no flip.
  if (old.health !== row.health && old.health !== "unknown") news.push(newsOf("health", row, row.health));
  if (facts(old) !== facts(row)) news.push(newsOf("changed", row, facts(row)));
  return news;
}

/** What happened to who calls whom. */
export function newsOfEdges(before: readonly MapEdge[], after: readonly MapEdge[], nodes: readonly MapNode[]): News[] {
  const name = ({ from, to }: MapEdge) => `${from} ${to}`;
  const nameOf = (id: string) => nodes.find((node) => node.id === id)?.name ?? id.replace(/^\w+:/, "");
  const was = new Set(before.map(name));
  const is = new Set(after.map(name));
  const news = (kind: EventKind) => (edge: MapEdge) => ({ kind, service: nameOf(edge.to), who: nameOf(edge.from) });
  return [
    ...before.filter((edge) => !is.has(name(edge))).map(news("calls no more")),
    ...after.filter((edge) => !was.has(name(edge))).map(news("calls")),
  ];
}

function newsOf(kind: EventKind, { service, address }: InstanceRow, detail?: string): News {
  return { kind, service, who: address, ...(detail && { detail }) };
}

function facts({ version, zone, weight }: InstanceRow): string {
  return [version && `version ${version}`, zone && `zone ${zone}`, weight !== 1 && `weight ${weight}`]
    .filter(Boolean)
    .join(", ");
}
