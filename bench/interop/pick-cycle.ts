import { CYCLES, cpuNs, cycles } from "../pick/cycle.js";
import { goPicker } from "../pick/go-picker.js";
import type { Comparison } from "./comparison.js";
import { GO_ZERO, OURS } from "./contestants.js";

/** Of each: the picker of the real balancer, without the call. Taken in turn, a process of Go and a round here. */
export async function pickCycle(rounds: number, sizes = [2, 10, 100, 1_000, 10_000]): Promise<Comparison[]> {
  const works = sizes.map(cycles);
  for (const work of works) for (let i = 0; i < 3; i++) work(); // compiled when it counts
  const ours = sizes.map((): number[] => []);
  const theirs = sizes.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    const go = await goPicker(1);
    works.forEach((work, i) => {
      ours[i]!.push(cpuNs(work) / CYCLES);
      theirs[i]!.push(...(go.get(sizes[i]!) ?? []));
    });
  }
  return sizes.map((size, i) => ({
    what: `pick, start and end of a call, ${size.toLocaleString("en")} instances (CPU)`,
    unit: "ns",
    figures: { [OURS]: ours[i]!, [GO_ZERO]: theirs[i]! },
  }));
}
