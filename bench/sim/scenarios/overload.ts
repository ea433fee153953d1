import { listening, retrying } from "../policies/listening.js";
import type { MakePolicy } from "../policies/policy.js";
import { rollcall } from "../policies/rollcall.js";
import { p99 } from "../world/result.js";
import { World } from "../world/world.js";
import type { Scenario } from "./scenario.js";
import { same } from "./scenarios.js";

/** Servers and clients of one kind. */
export interface Side {
  readonly make: MakePolicy;
  readonly servers: Partial<Scenario>;
}

/** Servers as they are without any of it: what is in the queue is worked on, whether its deadline has passed or not. */
const unprotected: Side["servers"] = { servesGivenUp: true };
const shedding: Side["servers"] = { shedding: true };
const plain = rollcall();

export const sides: Readonly<Record<string, Side>> = {
  "shedding and pushback": { make: listening(plain), servers: shedding },
  "shedding, clients that do not listen": { make: plain, servers: shedding },
  neither: { make: plain, servers: unprotected },
};

const ATTEMPTS = 3;
export const retryingSides: Readonly<Record<string, Side>> = {
  "no retries": { make: plain, servers: unprotected },
  "3 attempts": { make: retrying(plain, ATTEMPTS), servers: unprotected },
  "3 attempts, budget": { make: retrying(plain, ATTEMPTS, { budget: true }), servers: unprotected },
  "3 attempts, shedding and pushback": { make: retrying(listening(plain), ATTEMPTS), servers: shedding },
  "3 attempts, budget, shedding and pushback": {
    make: retrying(listening(plain), ATTEMPTS, { budget: true }),
    servers: shedding,
  },
};

const DEADLINE_MS = 500;
const SECOND = 1_000;
const QUARTER_MS = 250;
/** Calls a second that the servers can do. */
export const PEAK = 8_000;
const fleet = { servers: 20, rates: same(10, PEAK), deadlineMs: DEADLINE_MS };

/** So many times what the servers can do, for 15 s of which the first 5 do not count. */
export const overload = (load: number): Scenario => ({
  ...fleet,
  load: () => load,
  warmMs: 5 * SECOND,
  lengthMs: 15 * SECOND,
});
export const LOADS = [0.75, 1, 1.2, 1.5, 2, 3];

/** 75 % load, twice what can be done for three seconds, and 75 % again: who calls again what has failed makes it last. */
export const STORM = { from: 5 * SECOND, to: 8 * SECOND, end: 28 * SECOND };
export const storm: Scenario = {
  ...fleet,
  load: (now) => (now >= STORM.from && now < STORM.to ? 2 : 0.75),
  lengthMs: STORM.end,
};

export interface Good {
  /** Answered before their deadline, calls a second, of those made from `from` to `to`. */
  readonly perSecond: number;
  /** ... of the calls made, 0 to 1. */
  readonly share: number;
  /** Attempts for each call, over the whole run. */
  readonly attempts: number;
  /** 99th percentile of what was answered, in milliseconds. */
  readonly p99Ms: number;
  /** From the end of the storm on, until nine in ten calls of a quarter of a second are answered again; undefined for never. */
  readonly recoveryMs: number | undefined;
}

/** One run, of which the calls made from one time to another are looked at. */
export function goodput(scenario: Scenario, { make, servers }: Side, seed: number, from: number, to: number): Good {
  const world = new World({ ...scenario, ...servers }, make, seed);
  const quarters: { made: number; good: number }[] = [];
  const latencies: number[] = [];
  let made = 0;
  world.onCall = (_server, start, ok) => {
    const number = Math.floor(start / QUARTER_MS);
    quarters[number] ??= { made: 0, good: 0 };
    const quarter = quarters[number];
    quarter.made += 1;
    if (ok) quarter.good += 1;
    if (start < from || start >= to) return;
    made += 1;
    if (ok) latencies.push(world.now - start);
  };
  const { calls, retries } = world.run();
  const after = quarters.findIndex((quarter, i) => i * QUARTER_MS >= STORM.to && quarter.good >= 0.9 * quarter.made);
  return {
    perSecond: (SECOND * latencies.length) / (to - from),
    share: latencies.length / made,
    attempts: (calls + retries) / calls,
    p99Ms: p99(latencies.sort((a, b) => a - b)),
    recoveryMs: after < 0 ? undefined : after * QUARTER_MS - STORM.to,
  };
}
