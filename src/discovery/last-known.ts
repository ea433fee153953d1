import { memoised } from "../async/memoise.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import type { ResolvedInstance } from "./resolved-instance.js";
import type { SnapshotOptions } from "./snapshots.js";

/** A set as it was last known. */
export interface KnownSet {
  readonly instances: readonly ResolvedInstance[];
  /** When its registry said so, in milliseconds since the epoch. */
  readonly at: number;
  /** gRPC services that were called there, for example `shop.Order`; by them an instance may be recognised. */
  readonly services?: readonly string[] | undefined;
  /** Another process may have known it, long ago: an address may be somebody else's by now. Default false. */
  readonly unconfirmed?: boolean | undefined;
}

/**
 * Where the last known sets of targets are kept, so that a channel that was idle, or a client made anew, starts from what
 * was true before when the registry is away. A store on disk implements the same and outlives the process.
 */
export interface LastKnownSets {
  /** The set last kept for a target of the same name; undefined when there is none, or it was empty. */
  find(target: Target): KnownSet | undefined | Promise<KnownSet | undefined>;
  /** Called at every change of the set, and now and then while it stays as it is. An empty set is a registry's word like any other: it forgets. */
  keep(target: Target, set: KnownSet): void;
}

/** Programs have tens of targets. The bound is for those that make them up as they go. */
const MOST_TARGETS = 1_000;

/** Keeps the sets of this process's targets in memory, those of the targets used last. */
export class RememberedSets implements LastKnownSets {
  readonly #sets = new Map<string, KnownSet>();

  find(target: Target): KnownSet | undefined {
    return this.#sets.get(nameOf(target));
  }

  keep(target: Target, set: KnownSet): void {
    const name = nameOf(target);
    this.#sets.delete(name);
    if (set.instances.length > 0) this.#sets.set(name, set);
    if (this.#sets.size <= MOST_TARGETS) return;
    const [oldest] = this.#sets.keys();
    this.#sets.delete(oldest!);
  }
}

/** What this process remembers. */
export const remembered: LastKnownSets = new RememberedSets();

const stores = new Map<string, LastKnownSets>();

/** Sets kept on disk, one store a folder and process; loaded when it is first needed. */
export function keptOnDisk(options: SnapshotOptions): LastKnownSets {
  const key = JSON.stringify([options.dir, options.maxAgeMs]);
  const known = stores.get(key);
  if (known) return known;
  const opened = memoised(() => openedOrRemembered(options));
  const store: LastKnownSets = {
    find: async (target) => (await opened()).find(target),
    keep: (target, set) => void opened().then((sets) => sets.keep(target, set)),
  };
  stores.set(key, store);
  return store;
}

/** What is on disk; what this process remembers where there is no folder for it. Never rejects. */
async function openedOrRemembered(options: SnapshotOptions): Promise<LastKnownSets> {
  try {
    return new (await import("./snapshots.js")).Snapshots(options);
  } catch (error) {
    const why = (error as Error).message;
    log.warn({ err: error }, `snapshots cannot be kept: ${why}; a start without the registry will know nobody`);
    return remembered;
  }
}

/** Who asks, and by which certificate, does not change what a registry lists, so settings are no part of it. */
function nameOf({ scheme, hosts, service, params }: Target): string {
  const facts = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([scheme, [...hosts].sort(), service, facts]);
}
