import type { MakePolicy } from "../policies/policy.js";
import { World } from "../world/world.js";
import type { Scenario } from "./scenario.js";
import { RECOVERY_MS } from "./scenarios.js";

/** What a server that misbehaved until RECOVERY_MS has cost, and how it came back. */
export interface FailureResult {
  /** Percent of the calls before the recovery that failed. */
  readonly failed: number;
  /** Calls that each server got from 10 s after the recovery on, as share of its fair part; first the one that recovered. */
  readonly shares: readonly number[];
}

/** Runs a scenario in which server 0 is the one that misbehaves. */
export function failureRun(scenario: Scenario, make: MakePolicy, seed: number): FailureResult {
  const world = new World(scenario, make, seed);
  let [before, failed, after] = [0, 0, 0];
  const calls = new Array<number>(scenario.servers).fill(0);
  world.onCall = (server, start, ok) => {
    if (start < RECOVERY_MS) {
      before += 1;
      if (!ok) failed += 1;
    } else if (start >= RECOVERY_MS + 10_000) {
      after += 1;
      calls[server]! += 1;
    }
  };
  world.run();
  return { failed: (100 * failed) / before, shares: calls.map((count) => (count / after) * scenario.servers) };
}
