import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LargeServiceCost, LargeServiceOrder } from "./large-service-program.js";

/** A client of a service with very many instances, in a process of its own. */
export async function largeServiceClient(order: LargeServiceOrder): Promise<LargeServiceCost> {
  const program = new URL("./large-service-program.ts", import.meta.url);
  const snapshots = mkdtempSync(join(tmpdir(), "rollcall-large-"));
  const child = fork(program, [JSON.stringify(order)], {
    execArgv: ["--expose-gc", "--max-old-space-size=8192", "--import", "tsx"],
    env: { ...process.env, ROLLCALL_SNAPSHOT_DIR: snapshots },
  });
  try {
    const answer = await Promise.race([once(child, "message"), once(child, "exit")]);
    const [cost] = answer as [LargeServiceCost | number];
    if (typeof cost !== "object" || cost === null)
      throw new Error(`the client ended with ${cost}: ${JSON.stringify(order)}`);
    return cost;
  } finally {
    child.kill("SIGKILL");
    rmSync(snapshots, { recursive: true, force: true });
  }
}
