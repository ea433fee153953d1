/**
 * Run by bench/pick.ts in a process of its own, because V8 boxes what a clock returns wherever it has seen several clocks:
 * counts garbage collections during many cycles. Each is preceded by a megabyte of allocation or more.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { P2cEwma } from "../../src/balancer/index.js";

const CYCLES = 4_000_000;
const ROUND = 100_000;

/** Numbers boxed beforehand (they share an array with something else), so that only the balancer can allocate. */
function prepared(next: (i: number) => number): () => number {
  const numbers = Array.from({ length: 1_024 }, (_, i) => next(i)) as (number | string)[];
  numbers.push("");
  let at = 0;
  return () => {
    at = (at + 1) & 1_023;
    return numbers[at] as number;
  };
}

const sources = process.argv[2] === "node" ? {} : { now: prepared((i) => i * 0.37), random: prepared(Math.random) };
const balancer = new P2cEwma<number>(sources);
balancer.set(Array.from({ length: 100 }, (_, i) => i));

function cycles(): void {
  for (let i = 0; i < ROUND; i++) {
    const node = balancer.pick()!;
    node.started();
    node.ended(10, true);
  }
}

for (let i = 0; i < 20; i++) cycles(); // compiled when it counts
let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length;
});
observer.observe({ entryTypes: ["gc"] });
for (let done = 0; done < CYCLES; done += ROUND) cycles();
// The observer hears of collections on a later turn.
setTimeout(() => {
  console.log(`${collections} garbage collections in ${CYCLES.toLocaleString("en")} cycles`);
}, 10);
