import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { interopProgram } from "../../test/support/real-parts/gozero.js";

/** Nanoseconds of a pick and its end by go-zero's own picker, of each round, by number of instances. */
export async function goPicker(rounds: number): Promise<ReadonlyMap<number, readonly number[]>> {
  const program = interopProgram("picker-bench");
  const { stdout } = await promisify(execFile)(program, ["-rounds", String(rounds)], { timeout: 300_000 });
  const found = new Map<number, number[]>();
  for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
    const { instances, nsPerOp } = JSON.parse(line) as { instances: number; nsPerOp: number };
    found.set(instances, [...(found.get(instances) ?? []), nsPerOp]);
  }
  return found;
}
