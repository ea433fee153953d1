import { basename } from "node:path";
import type { RpcClientConfig } from "../../config/schema/rpc-client-config.js";
import { fileNameOf } from "../../discovery/snapshot-file.js";
import { listSnapshots } from "../../discovery/snapshot-list.js";
import type { Target } from "../../registry.js";
import { count } from "../output.js";
import { duration } from "../terminal/numbers.js";
import { type Check, note, ok, warning } from "./check.js";

/** What a client that keeps snapshots would start with while its registry is away. */
export async function checkSnapshot(
  where: string,
  { Dir, MaxAge }: NonNullable<RpcClientConfig["Snapshot"]>,
  target: Target,
): Promise<Check> {
  const subject = `${where}.Snapshot`;
  try {
    const name = fileNameOf(target);
    const found = (await listSnapshots(Dir)).find(({ file }) => basename(file) === name);
    if (!found) {
      return note(
        subject,
        "no snapshot of it yet, for this user on this machine",
        "it is kept once the client has run",
      );
    }
    const { file, problem, at = 0, instances = [] } = found;
    if (problem !== undefined) return warning(subject, `${file} cannot be used: ${problem}`, "remove the file");
    const ageMs = Math.max(0, Date.now() - at);
    const what = `${count(instances.length, "instance")}, ${duration(ageMs)} old`;
    if (ageMs > MaxAge) return note(subject, `${what}: older than MaxAge, so it is not used`);
    return ok(subject, `${what}, would be used while the registry is away`);
  } catch (error) {
    return warning(subject, (error as Error).message, "correct Snapshot.Dir, or its rights");
  }
}
