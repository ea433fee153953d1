import type { Kind } from "./schedule.js";
import type { Condition } from "./workers.js";

/** What changes while calls are made; `atMs` counts from the first counted call on. */
export type Change =
  | { readonly atMs: number; readonly change: "join" | "leave"; readonly instance: number }
  | { readonly atMs: number; readonly change: "become"; readonly instance: number; readonly condition: Condition };

/** A fleet, the calls it gets, and what happens to it. */
export interface Row {
  readonly title: string;
  /** The condition of each instance when calls begin. */
  readonly instances: readonly Condition[];
  /** How many of them, from the first on, are listed when calls begin. Default: all. */
  readonly listed?: number;
  readonly kinds: readonly Kind[];
  /** Calls a second, on average. */
  readonly rate: number;
  /** @param forMs how long calls are counted. */
  readonly changes?: (forMs: number) => readonly Change[];
}

const healthy: Condition = { workers: 4, slower: 1, calls: "answered" };
const slower = (times: number): Condition => ({ ...healthy, slower: times });
const fails: Condition = { ...healthy, calls: "fail" };
const hangs: Condition = { ...healthy, calls: "hang" };
const some = (count: number, condition: Condition): readonly Condition[] => Array(count).fill(condition);

/** One kind of call: exponential around 10 ms, so that 4 workers do 400 a second. */
const plain: readonly Kind[] = [
  { name: "all", share: 1, method: "fast", workMs: 10, spread: "exponential", deadlineMs: 1_000 },
];
/** Long enough for a dear call of 120 ms at an instance that is 8 times slower. */
const PATIENT_MS = 3_000;
const cheap: Kind = {
  name: "3 ms",
  share: 90,
  method: "fast",
  workMs: 3,
  spread: "similar",
  deadlineMs: PATIENT_MS,
};
const dear: Kind = { ...cheap, name: "120 ms", share: 10, method: "slow", workMs: 120 };
const oneMethod: readonly Kind[] = [cheap, dear].map((kind) => ({ ...kind, method: "mixed" }));
const withStreams: readonly Kind[] = [
  { ...cheap, name: "2 ms", share: 60, workMs: 2 },
  { ...dear, name: "50 ms", share: 30, workMs: 50 },
  { ...cheap, name: "stream", share: 10, method: "stream", workMs: 2, deadlineMs: 10_000 },
];

/** By the name it is chosen by on the command line. */
export const rows: Readonly<Record<string, Row>> = {
  even: { title: "three equals", instances: some(3, healthy), kinds: plain, rate: 720 },
  slow: { title: "one of 3 at 8x", instances: [slower(8), ...some(2, healthy)], kinds: plain, rate: 400 },
  "two-slow": {
    title: "two of 8 at 8x",
    instances: [...some(2, slower(8)), ...some(6, healthy)],
    kinds: plain,
    rate: 720,
  },
  "fails-of-3": { title: "one of 3 fails at once", instances: [fails, ...some(2, healthy)], kinds: plain, rate: 400 },
  "fails-of-2": { title: "one of 2 fails at once", instances: [fails, healthy], kinds: plain, rate: 250 },
  hangs: { title: "one of 3 hangs", instances: [hangs, ...some(2, healthy)], kinds: plain, rate: 400 },
  joins: {
    title: "two cold ones join three under load",
    instances: [...some(3, healthy), ...some(2, slower(8))],
    listed: 3,
    kinds: plain,
    rate: 720,
    changes: joinColdAndWarmUp,
  },
  changes: {
    title: "two of 10 at 4x, members change",
    instances: [...some(2, slower(4)), ...some(8, healthy)],
    listed: 8,
    kinds: plain,
    rate: 720,
    changes: oneForAnother,
  },
  "one-method": {
    title: "four equals, one method",
    instances: some(4, healthy),
    kinds: oneMethod,
    rate: 520,
  },
  "two-methods": {
    title: "four equals, two methods",
    instances: some(4, healthy),
    kinds: [cheap, dear],
    rate: 520,
  },
  "one-method-slow": {
    title: "one of 4 at 8x, one method",
    instances: [slower(8), ...some(3, healthy)],
    kinds: oneMethod,
    rate: 520,
  },
  "two-methods-slow": {
    title: "one of 4 at 8x, two methods",
    instances: [slower(8), ...some(3, healthy)],
    kinds: [cheap, dear],
    rate: 520,
  },
  streams: {
    title: "one of 3 at 4x, with streams",
    instances: [slower(4), ...some(2, healthy)],
    kinds: withStreams,
    rate: 250,
  },
};

/** The fourth and the fifth join after a quarter of the time, and are as quick as the others 2 s later. */
function joinColdAndWarmUp(forMs: number): readonly Change[] {
  const atMs = forMs / 4;
  return [3, 4].flatMap((instance): Change[] => [
    { atMs, change: "join", instance },
    { atMs: atMs + 2_000, change: "become", instance, condition: healthy },
  ]);
}

/** In turn each of the ten leaves and comes back a second later, so that eight are listed at any time. */
function oneForAnother(forMs: number): readonly Change[] {
  return Array.from({ length: Math.ceil(forMs / 500) }, (_, turn) => turn).flatMap((turn): Change[] => [
    { atMs: turn * 500, change: "join", instance: (turn + 8) % 10 },
    { atMs: turn * 500, change: "leave", instance: turn % 10 },
  ]);
}
