/**
 * Calls per second and CPU per call through grpc-js with p2c_ewma, with hedging too, round_robin and pick_first over the same
 * servers, in short paired runs that take turns; each client in a process of its own. `npm run bench:calls [rounds]`, about ten minutes.
 */
import type { Run } from "./turns/contestant.js";
import { contestant, ratios, repeatedly, spread } from "./turns/turns.js";

const rounds = Number(process.argv[2] ?? 250);
const RUN_MS = 100;
const CLIENTS = {
  p2c_ewma: { BalancerName: "p2c_ewma" },
  "p2c_ewma, Hedge": { BalancerName: "p2c_ewma", Hedge: {} },
  round_robin: { BalancerName: "round_robin" },
  pick_first: { BalancerName: "pick_first" },
} as const;
type Contestant = keyof typeof CLIENTS;
const CONTESTANTS = Object.keys(CLIENTS) as Contestant[];

await compare("3 equal servers", [0, 0, 0], 64);
await compare("50 equal servers", Array(50).fill(0), 64);
// Few in flight: with many, each call waits longer for the client's own CPU than for the slow server.
await compare("3 servers, one answers in 40 ms", [0, 0, 40], 4);

/** @param inFlight calls in flight at a time. */
async function compare(name: string, delays: number[], inFlight: number): Promise<void> {
  const start = (one: Contestant, Endpoints: readonly string[]) => {
    const config = { Endpoints, Timeout: 20_000, ...CLIENTS[one] };
    return contestant("grpc-client.ts", [JSON.stringify(config), String(inFlight)]);
  };
  const runs = await repeatedly({
    servers: "echo-servers.ts",
    delays,
    contestants: CONTESTANTS,
    start,
    rounds,
    runMs: RUN_MS,
    warmMs: 3_000,
    repetitions: 5,
  });
  report(`${name}, ${inFlight} calls in flight`, runs);
}

function report(name: string, runs: ReadonlyMap<Contestant, readonly Run[]>): void {
  console.log(`\n${name} (${rounds} paired runs of ${RUN_MS} ms)`);
  const ratio = (one: Contestant, to: Contestant) => spread(ratios(runs.get(one)!, runs.get(to)!), 2);
  for (const [one, own] of runs) {
    const rates = own.map(({ callsPerSecond }) => callsPerSecond);
    const cpu = own.map(({ cpuPerCall }) => cpuPerCall);
    const figures = [`${spread(rates, 0)} calls/s`, `${spread(cpu, 0)} µs CPU a call`];
    console.log(`  ${one.padEnd(16)} ${figures.join("   ")}   ${ratio(one, "round_robin")} x round_robin`);
  }
  console.log(`  with Hedge: ${ratio("p2c_ewma, Hedge", "p2c_ewma")} x p2c_ewma without`);
}
