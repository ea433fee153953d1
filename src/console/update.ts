import { type Fleet, type InstanceRow, MOST_EVENTS, type Update } from "./model.js";

/** What is to be told so that whoever has `before` has `after`; undefined when they are the same. */
export function updateBetween(before: Fleet, after: Fleet): Update | undefined {
  const was = new Map(before.rows.map((row) => [row.id, row]));
  const is = new Set(after.rows.map(({ id }) => id));
  const rows = after.rows.filter((row) => !sameRow(was.get(row.id), row));
  const gone = before.rows.filter(({ id }) => !is.has(id)).map(({ id }) => id);
  const nodes = sameList(before.nodes, after.nodes) ? undefined : after.nodes;
  const edges = sameList(before.edges, after.edges) ? undefined : after.edges;
  const last = before.events.at(-1)?.id ?? 0;
  const events = after.events.filter(({ id }) => id > last);
  const sameTrouble = before.trouble === after.trouble && before.mapTrouble === after.mapTrouble;
  if (rows.length + gone.length + events.length === 0 && !nodes && !edges && sameTrouble) return undefined;
  return {
    version: after.version,
    trouble: after.trouble,
    mapTrouble: after.mapTrouble,
    rows,
    gone,
    ...(nodes && { nodes }),
    ...(edges && { edges }),
    events,
  };
}

/** Rows that have not changed stay the same objects, so that only what changed is drawn anew. */
export function updated(fleet: Fleet, update: Update): Fleet {
  const { trouble: _trouble, mapTrouble: _mapTrouble, ...rest } = fleet;
  return {
    ...rest,
    version: update.version,
    ...(update.trouble !== undefined && { trouble: update.trouble }),
    ...(update.mapTrouble !== undefined && { mapTrouble: update.mapTrouble }),
    rows: updatedRows(fleet.rows, update),
    nodes: update.nodes ?? fleet.nodes,
    edges: update.edges ?? fleet.edges,
    events: update.events.length === 0 ? fleet.events : [...fleet.events, ...update.events].slice(-MOST_EVENTS),
  };
}

/** By service, then address, numbers by their value. */
export function sortedRows(rows: readonly InstanceRow[]): InstanceRow[] {
  return [...rows].sort((a, b) => order.compare(a.service, b.service) || order.compare(a.address, b.address));
}

const order = new Intl.Collator("en", { numeric: true });

function updatedRows(rows: readonly InstanceRow[], { rows: changed, gone }: Update): readonly InstanceRow[] {
  if (changed.length + gone.length === 0) return rows;
  const by = new Map(changed.map((row) => [row.id, row]));
  const left = new Set(gone);
  const kept = rows.flatMap((row) => (left.has(row.id) ? [] : [by.get(row.id) ?? row]));
  const had = new Set(rows.map(({ id }) => id));
  const joined = changed.filter(({ id }) => !had.has(id));
  return joined.length === 0 ? kept : sortedRows([...kept, ...joined]);
}

function sameRow(a: InstanceRow | undefined, b: InstanceRow): boolean {
  return a !== undefined && (a === b || JSON.stringify(a) === JSON.stringify(b));
}

function sameList(a: readonly object[], b: readonly object[]): boolean {
  return a === b || (a.length === b.length && JSON.stringify(a) === JSON.stringify(b));
}
