import "./world/globals.js";
import { parseArgs } from "node:util";
import { simulatedConversation } from "./contract/simulated.js";
import { scheduleOf } from "./faults/generate.js";
import { play } from "./run.js";
import { kept } from "./story/kept.js";
import { shrink } from "./story/shrink.js";
import { tellStory } from "./story/tell.js";
import { Totals } from "./totals.js";

const HELP = `npm run sim -- [options]
  --seeds N     how many schedules to run (default 1000)
  --base N      the first seed (default: today's, which is printed)
  --seed N      tell the story of one seed, as it happens
  --only 1,3    with --seed: these of its faults alone
  --plant NAME  with a bug of sim/plants.mjs planted
  --most N      stop after so many violations (default 5)
  --kept        run the schedules that once failed (sim/story/kept.ts)
  --json        print the schedules that fail, as sim/story/kept.ts takes them
  --conversation N  what the simulated etcd answers, for the comparison with a real one
  --prints      print the fingerprint of every seed`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    base: { type: "string" },
    seed: { type: "string" },
    only: { type: "string" },
    plant: { type: "string" },
    most: { type: "string", default: "5" },
    conversation: { type: "string" },
    kept: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    prints: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.conversation)
  console.log((await simulatedConversation(wholeNumber("conversation", values.conversation))).join("\n"));
else if (values.kept) await again();
else if (values.seed !== undefined) await one(wholeNumber("seed", values.seed), values.only);
else {
  Error.stackTraceLimit = 0; // errors are part of the game here, and their stacks cost time
  const base = values.base === undefined ? ofToday() : wholeNumber("base", values.base);
  await many(wholeNumber("seeds", values.seeds), base);
}

async function one(seed: number, only: string | undefined): Promise<void> {
  const whole = scheduleOf(seed);
  const chosen = only?.split(",").map(Number);
  const schedule = chosen ? { ...whole, faults: whole.faults.filter((_, i) => chosen.includes(i + 1)) } : whole;
  console.log(`seed ${seed}`);
  const { violation, fingerprint } = await tellStory(schedule, console.log);
  console.log(violation ? "a violation" : "nothing is wrong", `(fingerprint ${fingerprint >>> 0})`);
  if (violation) process.exitCode = 1;
}

async function again(): Promise<void> {
  for (const { was, schedule } of kept) {
    console.log(was);
    const { violation } = await play(schedule);
    if (!violation) continue;
    console.log(`  ${violation.invariant}: ${violation.why}`);
    process.exitCode = 1;
  }
  console.log(`${kept.length} schedules that once failed`);
}

async function many(count: number, base: number): Promise<void> {
  console.log(`seeds ${base} to ${base + count - 1}${values.plant ? `, planted: ${values.plant}` : ""}`);
  const most = wholeNumber("most", values.most);
  const totals = new Totals();
  const began = performance.now();
  const worked = process.cpuUsage();
  let enough = false;
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => {
      enough = true; // with what there is by now
    });
  for (let seed = base; seed < base + count && totals.violations < most && !enough; seed++) {
    const schedule = scheduleOf(seed);
    const outcome = await play(schedule);
    totals.add(schedule, outcome);
    if (values.prints) console.log(`seed ${seed}: fingerprint ${outcome.fingerprint >>> 0}`);
    if (totals.schedules % 10_000 === 0)
      console.log(`so far: ${totals.schedules} schedules, ${totals.violations} violations`);
    if (!outcome.violation) continue;
    const { schedule: shortest } = await shrink(schedule, outcome);
    const only = shortest.faults.map((fault) => schedule.faults.indexOf(fault) + 1).join(",");
    console.log(`\nseed ${seed} fails: npm run sim -- --seed ${seed} --only ${only || "0"}`);
    await tellStory(shortest, console.log);
    if (values.json) console.log(JSON.stringify(shortest));
  }
  const { user, system } = process.cpuUsage(worked);
  for (const line of totals.lines(performance.now() - began, (user + system) / 1_000)) console.log(line);
  if (totals.violations > 0) process.exitCode = 1;
}

/** A million seeds for each day, counted from the beginning of 1970. */
function ofToday(): number {
  return (Math.floor(Date.now() / 86_400_000) % 2_000) * 1_000_000;
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  console.error(`--${name} is ${JSON.stringify(text)}; expected a whole number`);
  process.exit(1);
}
