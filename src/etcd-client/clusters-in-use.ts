import type { Cluster } from "./cluster.js";

/** The clusters this process has to do with, by their settings. It stands apart so that whoever shows them loads no client. */
export const clusters = new Map<string, { cluster: Cluster; users: number }>();

export function clustersInUse(): Cluster[] {
  return [...clusters.values()].map(({ cluster }) => cluster);
}
