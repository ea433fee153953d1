/**
 * Requests per second through rollcall/pool and rollcall/undici beside undici's own Pool and BalancedPool, and through
 * rollcall/connect beside Connect's bare transport, in short paired runs that take turns; each client in a process of its own, made
 * anew for each repetition. `npm run bench:pool [repetitions]`, about ten minutes.
 */
import { ratio, spread } from "./turns/figures.js";
import { contestant, takeTurns } from "./turns/turns.js";

const repetitions = Number(process.argv[2] ?? 12);
const [ROUNDS, RUN_MS] = [15, 100];

const http = await compare("3 equal instances, HTTP/1.1", [0, 0, 0], 64, [
  "undici Pool (1 instance)",
  "undici BalancedPool",
  "undici's Pools in turn",
  "undici, origin and Host set",
  "rollcall/undici",
  "rollcall/pool of undici's Pools",
]);
const connect = await compare("3 equal instances, Connect over HTTP/2", [0, 0, 0], 64, [
  "Connect's transport (1 instance)",
  "rollcall/connect",
]);
// Few in flight: with many, each waits longer for the client's own CPU than for the slow instance.
const slow = await compare("one of 3 answers in 40 ms, HTTP/1.1", [0, 0, 40], 4, [
  "undici BalancedPool",
  "rollcall/undici",
  "rollcall/pool of undici's Pools",
]);
console.log(`
rollcall/pool, equal instances (wanted: 0.95): ${http}
rollcall/connect, equal instances (wanted: 0.95): ${connect}
rollcall/pool, a slow one of three (wanted: 5 x BalancedPool): ${slow}`);

/** @returns how the last one compares with each other, in words. */
async function compare(title: string, delays: number[], inFlight: number, contestants: string[]): Promise<string> {
  const results = await takeTurns({
    servers: "http-servers.ts",
    delays,
    contestants,
    start: (name, addresses) => contestant("http-client.ts", [name, JSON.stringify(addresses), String(inFlight)]),
    repetitions,
    rounds: ROUNDS,
    runMs: RUN_MS,
    warmMs: 2_000,
  });
  console.log(`\n${title}, ${inFlight} in flight (${repetitions} repetitions of ${ROUNDS} runs of ${RUN_MS} ms)`);
  const [first] = contestants;
  for (const [name, own] of results) {
    const figures = [`${spread(own, "callsPerSecond")} calls/s`, `${spread(own, "cpuPerCall")} µs CPU a call`];
    console.log(`  ${name.padEnd(34)} ${figures.join("   ")}   ${ratio(own, results.get(first!)!)} x ${first}`);
  }
  const last = results.get(contestants.at(-1)!)!;
  return contestants
    .slice(0, -1)
    .map((name) => `${ratio(last, results.get(name)!)} x ${name}`)
    .join(", ");
}
