/**
 * Calls per second and CPU per call through grpc-js with p2c_ewma, with hedging too, round_robin and pick_first over the same
 * servers, in short paired runs that take turns; each client in a process of its own, made anew for each repetition.
 * `npm run bench:calls [repetitions]`, about fifteen minutes.
 */
import { ratio, spread } from "./turns/figures.js";
import { contestant, type Results, takeTurns } from "./turns/turns.js";

const repetitions = Number(process.argv[2] ?? 12);
const [ROUNDS, RUN_MS] = [15, 150];
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
  const results = await takeTurns({
    servers: "echo-servers.ts",
    delays,
    contestants: CONTESTANTS,
    start,
    repetitions,
    rounds: ROUNDS,
    runMs: RUN_MS,
    warmMs: 2_500,
  });
  report(`${name}, ${inFlight} calls in flight`, results);
}

function report(name: string, results: Results<Contestant>): void {
  console.log(`\n${name} (${repetitions} repetitions of ${ROUNDS} runs of ${RUN_MS} ms)`);
  for (const [one, own] of results) {
    const figures = [`${spread(own, "callsPerSecond")} calls/s`, `${spread(own, "cpuPerCall")} µs CPU a call`];
    console.log(
      `  ${one.padEnd(16)} ${figures.join("   ")}   ${ratio(own, results.get("round_robin")!)} x round_robin`,
    );
  }
  const hedge = ratio(results.get("p2c_ewma, Hedge")!, results.get("p2c_ewma")!);
  console.log(`  with Hedge: ${hedge} x p2c_ewma without`);
}
