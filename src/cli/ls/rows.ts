import type { Registered } from "../../backends/etcd/index.js";
import type { Instance } from "../../instance.js";
import { printable, redactText } from "../../target/redact.js";
import { count } from "../output.js";

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
  readonly paused?: true;
  readonly weight?: number;
  readonly zone?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** That the value is no instance. The value is somebody else's and may be a secret: only its length is told. */
  readonly problem?: string;
}

export function toRow({ instance, lease, problem, valueBytes, ...registered }: Registered): Row {
  const foreign = problem === undefined ? undefined : foreignValue(valueBytes);
  const row = { ...instance, ...registered, lease: lease?.toString(), problem: foreign };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as unknown as Row;
}

export function foreignValue(bytes: number): string {
  return `no instance: a value of ${count(bytes, "byte")}, not shown`;
}

/** A row of an instance that a backend without leases lists. */
export function instanceRow(service: string, instance: Instance): Row {
  return { service, ...instance };
}

/** A table for people; columns that would be empty are left out. */
export function renderTable(all: readonly Row[]): string {
  const rows = summarised(all);
  const columns: [title: string, cell: (row: Row) => string][] = [
    ["SERVICE", ({ service }) => service],
    ["ADDRESS", ({ address }) => address ?? ""],
    ["ID", ({ id }) => id ?? ""],
    ["TTL", ttl],
    ["STATE", ({ paused }) => (paused ? "paused" : "")],
    ["WEIGHT", ({ weight }) => String(weight ?? "")],
    ["ZONE", ({ zone }) => zone ?? ""],
    [
      "METADATA",
      ({ metadata = {} }) =>
        Object.entries(metadata)
          .map((pair) => pair.join("="))
          .join(" "),
    ],
    ["PROBLEM", ({ problem }) => problem ?? ""],
  ];
  const cells = columns
    .map(([title, cell]) => [title, ...rows.map((row) => printable(redactText(cell(row))))])
    .filter(([, ...values], index) => index < 2 || values.some((value) => value !== ""));
  const widths = cells.map((column) => column.reduce((most, { length }) => Math.max(most, length), 0));
  const lines = [undefined, ...rows].map((_, line) =>
    cells
      .map((column, index) => column[line]!.padEnd(widths[index]!))
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

/** Many keys of one address (a server that registers again and again, a test that never ends) become one row. */
function summarised(rows: readonly Row[]): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = JSON.stringify([row.service, row.address ?? row.key]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return [...groups.values()].flatMap((group) => {
    if (group.length <= MOST_KEYS_OF_ONE) return group;
    const { service, address } = group[0]!;
    return [{ service, address, id: `(${group.length} keys)`, problem: "one address under many keys" } as Row];
  });
}

/** Seconds left, of those granted; a key without a lease stays until someone deletes it. */
function ttl({ key, id, lease, ttlSeconds, grantedTtlSeconds }: Row): string {
  if (key === undefined) return "";
  if (lease === undefined) return id === undefined ? "" : "no lease";
  return ttlSeconds === undefined ? "expired" : `${ttlSeconds}/${grantedTtlSeconds} s`;
}
