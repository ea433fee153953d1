/**
 * Calls per second and CPU per call through grpc-js with p2c_ewma, with hedging too, round_robin and pick_first over the same
 * servers, in short paired runs that take turns. `npm run bench:calls [rounds]`, about seven minutes.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { EchoClient } from "../test/support/echo.js";

// As published: run from its sources, a package carries what its transpiler adds to every function.
const { createClient, setLogLevel } = (await import(
  new URL("../dist/index.js", import.meta.url).href
)) as typeof import("../src/index.js");

const rounds = Number(process.argv[2] ?? 250);
/** Short, so that what disturbs the machine hits one pair of many. */
const RUN_MS = 100;
const WARM_MS = 3_000;
/** Each time with servers and clients of its own: two clients of the same kind differ by a twentieth for as long as they live. */
const REPETITIONS = 5;
/** Of clients after the first, whose code is compiled. */
const WARM_AGAIN_MS = 1_000;
const CLIENTS = {
  p2c_ewma: { BalancerName: "p2c_ewma" },
  "p2c_ewma, Hedge": { BalancerName: "p2c_ewma", Hedge: {} },
  round_robin: { BalancerName: "round_robin" },
  pick_first: { BalancerName: "pick_first" },
} as const;
type Contestant = keyof typeof CLIENTS;
const CONTESTANTS = Object.keys(CLIENTS) as Contestant[];

interface Run {
  readonly callsPerSecond: number;
  /** CPU of the client process, in microseconds. */
  readonly cpuPerCall: number;
}

setLogLevel("warn");
await compare("3 equal servers", [0, 0, 0], 64);
await compare("50 equal servers", Array(50).fill(0), 64);
// Few in flight: with many, each call waits longer for the client's own CPU than for the slow server.
await compare("3 servers, one answers in 40 ms", [0, 0, 40], 4);

/** @param inFlight calls in flight at a time. */
async function compare(name: string, delays: number[], inFlight: number): Promise<void> {
  const runs = new Map<Contestant, Run[]>(CONTESTANTS.map((one) => [one, []]));
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const servers = fork(new URL("./support/echo-servers.ts", import.meta.url), delays.map(String), {
      execArgv: ["--import", "tsx"],
    });
    const [Endpoints] = (await once(servers, "message")) as [string[]];
    const clients = new Map(
      inTurn(repetition).map((one) => [one, createClient(EchoClient, { Endpoints, Timeout: 20_000, ...CLIENTS[one] })]),
    );
    // JIT and connections are warm when it counts.
    for (const client of clients.values()) await load(client, inFlight, repetition === 0 ? WARM_MS : WARM_AGAIN_MS);
    for (let round = 0; round < rounds / REPETITIONS; round++) {
      for (const one of inTurn(round)) runs.get(one)!.push(await load(clients.get(one)!, inFlight));
    }
    for (const client of clients.values()) client.close();
    servers.disconnect();
    await once(servers, "exit");
  }
  report(`${name}, ${inFlight} calls in flight`, runs);
}

/** Each time another one comes first, so that nobody always runs after the same other. */
function inTurn(time: number): Contestant[] {
  return CONTESTANTS.map((_, turn) => CONTESTANTS[(time + turn) % CONTESTANTS.length]!);
}

async function load(client: EchoClient, inFlight: number, forMs = RUN_MS): Promise<Run> {
  let calls = 0;
  let failed = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const end = began + forMs;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() < end) {
        await new Promise<void>((resolve) =>
          client.say({}, {}, (error) => {
            if (error) failed += 1;
            else calls += 1;
            resolve();
          }),
        );
      }
    }),
  );
  if (failed > 0) throw new Error(`${failed} calls failed`);
  const { user, system } = process.cpuUsage(cpu);
  return { callsPerSecond: (calls * 1000) / (performance.now() - began), cpuPerCall: (user + system) / calls };
}

function report(name: string, runs: ReadonlyMap<Contestant, readonly Run[]>): void {
  console.log(`\n${name} (${rounds} paired runs of ${RUN_MS} ms)`);
  const rates = (one: Contestant) => runs.get(one)!.map(({ callsPerSecond }) => callsPerSecond);
  const ratio = (one: Contestant, to: Contestant) => rates(one).map((rate, round) => rate / rates(to)[round]!);
  for (const [one, own] of runs) {
    const cpu = own.map(({ cpuPerCall }) => cpuPerCall);
    const figures = [`${spread(rates(one), 0)} calls/s`, `${spread(cpu, 0)} µs CPU a call`];
    console.log(`  ${one.padEnd(16)} ${figures.join("   ")}   ${spread(ratio(one, "round_robin"), 2)} x round_robin`);
  }
  console.log(`  with Hedge: ${spread(ratio("p2c_ewma, Hedge", "p2c_ewma"), 2)} x p2c_ewma without`);
}

/** Median, with the quartiles in brackets. */
function spread(values: readonly number[], digits: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const show = (value: number) => value.toFixed(digits);
  const at = (share: number) => show(sorted[Math.floor(sorted.length * share)]!);
  return `${at(0.5)} [${at(0.25)} .. ${at(0.75)}]`;
}
