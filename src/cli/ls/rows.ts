import type { Registered } from "../../backends/etcd/index.js";
import { groupBy } from "../../group-by.js";
import type { Instance } from "../../instance.js";
import type { Health } from "../../operator/health.js";
import { count, shownMetadata } from "../output.js";
import { duration } from "../terminal/numbers.js";
import type { Paint, Style } from "../terminal/style.js";
import { type Cell, type Column, renderTable } from "../terminal/table.js";

/** More keys of one address than this are shown as one line. */
const MOST_KEYS_OF_ONE = 5;

/** A registration as it is shown. What it does not have is missing. */
export interface Row {
  readonly service: string;
  readonly address?: string;
  readonly id?: string;
  readonly key?: string;
  /** Decimal, as in go-zero's keys. */
  readonly lease?: string;
  readonly ttlSeconds?: number;
  readonly grantedTtlSeconds?: number;
  /** Since it was registered, where it says so. */
  readonly ageSeconds?: number;
  readonly paused?: true;
  /** How many keys of the service list this address, where there are several. */
  readonly duplicates?: number;
  readonly health?: Health;
  readonly weight?: number;
  readonly zone?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** That the value is no instance. The value is somebody else's and may be a secret: only its length is told. */
  readonly problem?: string;
  /** Why its weight, zone and metadata cannot be read. */
  readonly attributesProblem?: string;
}

export function toRow({ instance, lease, problem, valueBytes, since, ...registered }: Registered): Row {
  const foreign = problem === undefined ? undefined : foreignValue(valueBytes);
  const ageSeconds = since === undefined ? undefined : Math.max(0, Math.round((Date.now() - since) / 1000));
  const row = { ...instance, ...registered, lease: lease?.toString(), ageSeconds, problem: foreign };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as unknown as Row;
}

export function foreignValue(bytes: number): string {
  return `no instance: a value of ${count(bytes, "byte")}, not shown`;
}

/** A row of an instance that a backend without leases lists. */
export function instanceRow(service: string, instance: Instance): Row {
  return { service, ...instance };
}

/** Rows with what their instances say of their health. */
export function withHealth(rows: readonly Row[], health: ReadonlyMap<string, Health>): Row[] {
  return rows.map((row) => {
    const told = health.get(row.address ?? "");
    return told === undefined ? row : { ...row, health: told };
  });
}

/** Rows that say so where several keys of a service list one address. */
export function withDuplicates(rows: readonly Row[]): Row[] {
  const listed = rows.filter(({ address, paused }) => address !== undefined && !paused);
  const groups = groupBy(listed, nameOf);
  return rows.map((row) => {
    const keys = row.paused ? 1 : (groups.get(nameOf(row))?.length ?? 1);
    return keys > 1 ? { ...row, duplicates: keys } : row;
  });
}

export const HEALTH_STYLES: Readonly<Record<Health, Style>> = {
  serving: "green",
  "not serving": "red",
  unreachable: "red",
  unknown: "dim",
};

const COLUMNS: readonly Column<Row>[] = [
  { title: "SERVICE", cell: ({ service }) => service, always: true },
  { title: "ADDRESS", cell: ({ address = "" }) => address, always: true },
  { title: "ID", cell: ({ id = "" }) => id, rank: 9 },
  { title: "TTL", cell: ttl, rank: 5 },
  { title: "AGE", cell: ({ ageSeconds }) => (ageSeconds === undefined ? "" : duration(ageSeconds * 1000)), rank: 6 },
  { title: "STATE", cell: state, rank: 1 },
  { title: "HEALTH", cell: ({ health }) => (health ? { text: health, style: HEALTH_STYLES[health] } : ""), rank: 2 },
  { title: "WEIGHT", cell: ({ weight }) => String(weight ?? ""), rank: 4 },
  { title: "ZONE", cell: ({ zone = "" }) => zone, rank: 3 },
  { title: "VERSION", cell: ({ metadata }) => metadata?.version ?? "", rank: 7 },
  { title: "METADATA", cell: otherMetadata, rank: 8 },
  { title: "PROBLEM", cell: problemOf, rank: 1 },
];

/** A table for people; columns that would be empty are left out. @param width of the terminal; default any. */
export function renderRows(rows: readonly Row[], paint: Paint, width?: number): string {
  return renderTable(COLUMNS, summarised(rows), { paint, width }).join("\n");
}

/** Many keys of one address (a server that registers again and again, a test that never ends) become one row. */
function summarised(rows: readonly Row[]): Row[] {
  return [...groupBy(rows, nameOf).values()].flatMap((group): Row[] => {
    if (group.length <= MOST_KEYS_OF_ONE) return group;
    const { service, address, health } = group[0]!;
    const known = { ...(address !== undefined && { address }), ...(health && { health }) };
    return [{ service, ...known, id: `(${group.length} keys)`, problem: "one address under many keys" }];
  });
}

function nameOf({ service, address, key }: Row): string {
  return JSON.stringify([service, address ?? key]);
}

/** Seconds left, of those granted, unknown where etcd has not said so in time; a key without a lease stays until someone deletes it. */
function ttl({ key, id, lease, ttlSeconds, grantedTtlSeconds }: Row): Cell {
  if (key === undefined) return "";
  if (lease === undefined) return id === undefined ? "" : { text: "no lease", style: "yellow" };
  if (ttlSeconds === undefined) return { text: "unknown", style: "dim" };
  return grantedTtlSeconds === 0 ? { text: "expired", style: "red" } : `${ttlSeconds}/${grantedTtlSeconds} s`;
}

function state({ paused, duplicates = 0 }: Row): Cell {
  if (paused) return { text: "paused", style: "yellow" };
  return duplicates > 1 ? { text: `duplicate (${duplicates} keys)`, style: "yellow" } : "";
}

function problemOf({ problem, attributesProblem }: Row): Cell {
  if (problem !== undefined) return { text: problem, style: "red" };
  if (attributesProblem === undefined) return "";
  return { text: `weight, zone and metadata cannot be read: ${attributesProblem}`, style: "yellow" };
}

function otherMetadata({ metadata = {} }: Row): string {
  const { version: _version, ...others } = metadata;
  return shownMetadata(others).join(" ");
}
