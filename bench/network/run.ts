import { setTimeout as pause } from "node:timers/promises";
import { type Figures, figures, type Timeline } from "./figures.js";
import { KEY, Stage } from "./stage.js";
import type { Trial } from "./trials.js";

/** Calls a second of each client. */
export const RATE = 50;
/** Calls are made for so long before the fault, so that everybody is warm. */
const WARM_MS = 3_000;

/** What a trial did to each client; both called the same instances at the same time. */
export interface Result {
  readonly rollcall: Figures;
  readonly roundRobin: Figures;
}

export async function run(trial: Trial): Promise<Result> {
  await using stage = await Stage.start();
  const spoilt = await trial.spoil?.(stage);
  const { deadlineMs } = trial;
  const roundRobin = [...stage.addresses, ...(spoilt ? [spoilt] : [])];
  const callers = [{ registry: stage.registry, key: KEY }, { roundRobin }].map((client) =>
    stage.startCaller({ client, rate: RATE, deadlineMs }),
  );
  await Promise.all(callers.map((caller) => caller.started()));
  let faultAt = Date.now();
  for (const caller of callers) caller.tell("go");
  await Promise.all(callers.map((caller) => caller.reaches(stage.addresses)));
  if (!spoilt) {
    await pause(WARM_MS);
    if (trial.restMs !== undefined) {
      for (const caller of callers) caller.tell("rest");
      await pause(trial.restMs);
    }
    faultAt = Date.now();
    trial.begin?.(stage);
    if (trial.restMs !== undefined) for (const caller of callers) caller.tell("go");
  }
  await pause(trial.lastsMs);
  const healedAt = trial.end && Date.now();
  await trial.end?.(stage);
  await pause(trial.afterMs ?? 0);
  const endedAt = Date.now();
  const [ours, theirs] = await Promise.all(callers.map((caller) => caller.end()));
  const victim = trial.victim?.(stage);
  const timeline: Timeline = {
    faultAt,
    endedAt,
    ...(healedAt !== undefined && { healedAt }),
    ...(victim !== undefined && { victim }),
  };
  return { rollcall: figures(ours!, timeline), roundRobin: figures(theirs!, timeline) };
}
