import "./world/globals.js";
import { describeFault } from "./faults/fault.js";
import { scheduleOf } from "./faults/generate.js";
import { play } from "./run.js";

const seed = Number(process.argv[2] ?? 1);
const n = Number(process.argv[3] ?? 1);
const t0 = performance.now();
let v = 0;
for (let s = seed; s < seed + n; s++) {
  const schedule = scheduleOf(s);
  const o = await play(schedule, n === 1 ? (at, line) => console.log((at / 1000).toFixed(3), line) : undefined);
  v += o.virtualMs;
  if (n === 1) console.log(schedule.faults.map(describeFault).join("\n"), o);
  else if (o.violation) console.log(s, o.violation);
}
const ms = performance.now() - t0;
console.log(ms / n, "ms each", v / ms, "times");
