import type { Fault, Schedule } from "../faults/fault.js";
import { type Outcome, play } from "../run.js";

/** A schedule that fails, its faults dropped one by one as long as the same thing goes wrong. */
export async function shrink(schedule: Schedule, first: Outcome): Promise<{ schedule: Schedule; outcome: Outcome }> {
  let shortest = { schedule, outcome: first };
  const invariant = first.violation!.invariant;
  for (let at = 0; at < shortest.schedule.faults.length; ) {
    const faults: readonly Fault[] = shortest.schedule.faults.filter((_, i) => i !== at);
    const shorter = { ...schedule, faults };
    const outcome = await play(shorter);
    if (outcome.violation?.invariant === invariant) {
      shortest = { schedule: shorter, outcome };
      at = 0;
    } else at += 1;
  }
  return shortest;
}
