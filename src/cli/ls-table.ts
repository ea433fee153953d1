import type { Registered } from "../backends/etcd/index.js";
import { printable } from "./output.js";

/** A registration as it is shown. What it does not have is missing. */
export interface Row {
  readonly service: string;
  readonly address?: string;
  readonly id: string;
  readonly key: string;
  /** Decimal, as in go-zero's keys. */
  readonly lease?: string;
  readonly ttlSeconds?: number;
  readonly grantedTtlSeconds?: number;
  readonly paused?: true;
  readonly weight?: number;
  readonly zone?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Why the value is no instance. */
  readonly problem?: string;
}

export function toRow({ instance, lease, ...registered }: Registered): Row {
  const row = { ...instance, ...registered, lease: lease?.toString() };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as unknown as Row;
}

/** A table for people; columns that would be empty are left out. */
export function renderTable(rows: readonly Row[]): string {
  const columns: [title: string, cell: (row: Row) => string][] = [
    ["SERVICE", ({ service }) => service],
    ["ADDRESS", ({ address }) => address ?? ""],
    ["ID", ({ id }) => id],
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
    .map(([title, cell]) => [title, ...rows.map((row) => printable(cell(row)))])
    .filter(([, ...values], index) => index < 4 || values.some((value) => value !== ""));
  const widths = cells.map((column) => Math.max(...column.map(({ length }) => length)));
  const lines = [undefined, ...rows].map((_, line) =>
    cells
      .map((column, index) => column[line]!.padEnd(widths[index]!))
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

/** Seconds left, of those granted; a key without a lease stays until someone deletes it. */
function ttl({ lease, ttlSeconds, grantedTtlSeconds }: Row): string {
  if (lease === undefined) return "no lease";
  return ttlSeconds === undefined ? "expired" : `${ttlSeconds}/${grantedTtlSeconds} s`;
}
