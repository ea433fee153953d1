import type { InstanceRow } from "../model.js";

/** What an instance is doing, in the words of its row. */
export function stateOf({ paused, health }: Pick<InstanceRow, "paused" | "health">): string {
  if (paused) return "paused";
  return health === "unknown" ? "listed" : health;
}

/** The rows of a service, of all without one, in which every word of the filter is to be found somewhere. */
export function choose(
  rows: readonly InstanceRow[],
  service: string | undefined,
  filter: string,
): readonly InstanceRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (service === undefined && words.length === 0) return rows;
  return rows.filter((row) => {
    if (service !== undefined && row.service !== service) return false;
    const text = `${row.id} ${row.zone} ${row.version} ${stateOf(row)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
