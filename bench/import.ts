// What `import "rollcall/register"` costs beside `import "@grpc/grpc-js"` alone: each in a new process, in turns.
// Measures dist/, so build first. Usage: npm run bench:import [-- <runs of each>]
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

const runs = Number(process.argv[2] ?? 40);
const LIMIT_MS = 30;

interface Cost {
  /** Milliseconds on the clock. */
  readonly time: number;
  /** Milliseconds of processor time, which other processes disturb less. */
  readonly cpu: number;
}

/** What an import costs in a new process. */
function costOf(specifier: string): Cost {
  const program = `
    const [time, cpu] = [performance.now(), process.cpuUsage()];
    await import(${JSON.stringify(specifier)});
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ time: performance.now() - time, cpu: (user + system) / 1000 }));`;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

const pairs: { alone: Cost; both: Cost }[] = [];
for (let run = -1; run < runs; run++) {
  const pair = { alone: costOf("@grpc/grpc-js"), both: costOf("rollcall/register") };
  if (run >= 0) pairs.push(pair); // the first pair fills the disk cache
}

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${runs} processes each, medians`);
console.log("                     @grpc/grpc-js   rollcall/register   ratio   added");
let added = 0;
for (const [name, of] of [
  ["processor time", ({ cpu }: Cost) => cpu],
  ["time", ({ time }: Cost) => time],
] as const) {
  const [alone, both] = [median(pairs.map((pair) => of(pair.alone))), median(pairs.map((pair) => of(pair.both)))];
  added = median(pairs.map((pair) => of(pair.both) - of(pair.alone)));
  const figures = [
    `${alone.toFixed(1)} ms`,
    `${both.toFixed(1)} ms`,
    (both / alone).toFixed(2),
    `${added.toFixed(1)} ms`,
  ];
  const widths = [14, 20, 8, 11];
  console.log(name.padEnd(20) + figures.map((figure, column) => figure.padStart(widths[column]!)).join(""));
}
console.log(`limit: ${LIMIT_MS} ms added to the time`);
process.exit(added < LIMIT_MS ? 0 : 1);
