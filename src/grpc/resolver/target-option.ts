import type { ChannelOptions } from "@grpc/grpc-js";
import { keptOnDisk, type LastKnownSets } from "../../discovery/last-known.js";
import type { SnapshotOptions } from "../../discovery/snapshots.js";
import type { Target } from "../../registry.js";
import { PRIVATE_OPTION } from "../shield/experimental.js";

/** Channel option by which createChannel hands the resolver a target with settings that have no place in a URL. */
export const TARGET_OPTION = `${PRIVATE_OPTION}target`;

/** Channel option by which createChannel says that the last known set is kept on disk, and how. */
export const SNAPSHOT_OPTION = `${PRIVATE_OPTION}snapshot`;

/**
 * Where the last known set is kept: on disk where the configuration says so or `$ROLLCALL_SNAPSHOT_DIR` is set, for bare
 * clients too. Without either nothing is written: a library does not fill folders that nobody told it of.
 */
export function lastKnownOf(options: ChannelOptions): LastKnownSets | undefined {
  const given = options[SNAPSHOT_OPTION] as SnapshotOptions | undefined;
  if (given) return keptOnDisk(given);
  return process.env.ROLLCALL_SNAPSHOT_DIR ? keptOnDisk({}) : undefined;
}

export function targetOf(options: ChannelOptions): Target | undefined {
  return options[TARGET_OPTION] as Target | undefined;
}
