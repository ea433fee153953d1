import type { Registered } from "../backends/etcd/index.js";
import type { Health } from "../operator/health.js";
import { type InstanceRow, instanceId } from "./model.js";
import type { StatsBook } from "./stats.js";

/** What is known of an instance beside what etcd says. */
export interface Known {
  health(address: string): Health;
  readonly stats: StatsBook;
  /** When its process began, in milliseconds since the epoch; undefined where nobody says. */
  startedAt(id: string): number | undefined;
  /** As it was last shown. */
  before(id: string): InstanceRow | undefined;
  /** When it was first seen, and whether it was there before. */
  seen(id: string): { readonly at: number; readonly older: boolean };
}

/** The instances of all services; several keys of one address are one row. */
export function rowsOf(registrations: readonly Registered[], known: Known): InstanceRow[] {
  const rows = new Map<string, InstanceRow>();
  for (const registered of registrations) {
    const { service, instance, paused = false, lease } = registered;
    if (!instance) continue;
    const id = instanceId(service, instance.address);
    const before = rows.get(id);
    if (before) {
      // An address that is listed by another key is not out of rotation.
      const keys = before.keys + (paused ? 0 : 1);
      rows.set(id, { ...before, paused: before.paused && paused, keys });
      continue;
    }
    const startedAt = known.startedAt(id);
    const seen = known.seen(id);
    const stats = known.stats.ofInstance(id);
    // What it says of itself leaves etcd with it while it is paused.
    const said = paused ? known.before(id) : undefined;
    rows.set(id, {
      id,
      service,
      address: instance.address,
      paused,
      health: known.health(instance.address),
      weight: said?.weight ?? instance.weight ?? 1,
      zone: said?.zone ?? instance.zone ?? "",
      version: said?.version ?? instance.metadata?.version ?? "",
      since: startedAt ?? seen.at,
      older: startedAt === undefined && seen.older,
      keys: paused ? 0 : 1,
      leaseless: lease === undefined,
      ...(stats && { stats }),
    });
  }
  return [...rows.values()];
}
