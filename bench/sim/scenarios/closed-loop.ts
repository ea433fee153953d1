import { alone, type MakePolicy } from "../policies/policy.js";
import { Agenda } from "../world/agenda.js";
import { type Draw, exponential, seeded, steady } from "../world/random.js";

/** One client that always has the same number of calls in flight, and equal servers that are never full. */
export interface ClosedLoop {
  readonly servers: number;
  readonly calls: number;
  /** Calls in flight at a time. */
  readonly atATime: number;
  /** Mean time to serve a call, in milliseconds. */
  readonly ms: number;
  /** Service times, mean 1. Default within a fifth. */
  readonly service?: Draw;
  /** How many times longer the first call of each server takes. Default 1. */
  readonly cold?: number;
  /** Idle streams at each server: opened before the calls, answered once, and never ended. Default none. */
  readonly streams?: readonly number[];
}

/** How many of the calls each server got. */
export function callsOf(loop: ClosedLoop, make: MakePolicy, seed: number): number[] {
  const { servers, ms, service = steady, cold = 1, streams = [] } = loop;
  const random = seeded(seed);
  const agenda = new Agenda();
  let now = 0;
  const policy = make(alone(() => now, seed));
  const all = Array.from({ length: servers }, (_, i) => i);
  streams.forEach((count, server) => {
    policy.set([server]);
    for (let i = 0; i < count; i++) {
      policy.start(policy.pick("/watch"), "/watch");
      now += ms;
      policy.answer?.(server, ms, "/watch");
    }
  });
  policy.set(all);
  const counts = all.map(() => 0);
  const begun = new Map<number, { server: number; start: number }>();
  const call = (id: number) => {
    const server = policy.pick("/get");
    policy.start(server, "/get");
    begun.set(id, { server, start: now });
    agenda.add(now + ms * service(random) * (counts[server] === 0 ? cold : 1), id);
    counts[server]! += 1;
  };
  for (let id = 0; id < Math.min(loop.atATime, loop.calls); id++) call(id);
  for (let done = loop.atATime; agenda.size > 0; done++) {
    now = agenda.nextTime;
    const id = agenda.take();
    const { server, start } = begun.get(id)!;
    policy.end(server, now - start, true, "/get");
    if (done < loop.calls) call(id);
  }
  return counts;
}

/** How many times as many calls the busiest server got as the one that got fewest. */
export function unevenness(counts: readonly number[]): number {
  return Math.max(...counts) / Math.min(...counts);
}

const sequential = (ms: number, cold: number, service: Draw = steady): ClosedLoop => ({
  servers: 3,
  calls: 300,
  atATime: 1,
  ms,
  cold,
  service,
});

/** Calls one after the other on three equal servers. */
export const sequentialLoops: Readonly<Record<string, ClosedLoop>> = Object.fromEntries(
  [0.5, 2, 10, 50].flatMap((ms) => [
    [`${ms} ms`, sequential(ms, 1)],
    [`${ms} ms, first answers 5x slower`, sequential(ms, 5)],
    [`${ms} ms, exponential`, sequential(ms, 1, exponential)],
  ]),
);

/** Calls beside idle streams on three equal servers. */
export const streamLoops: Readonly<Record<string, ClosedLoop>> = Object.fromEntries(
  [[1], [10], [300, 5]].flatMap((streams) =>
    [1, 6].map((atATime) => [
      `${streams.join(" and ")} idle ${streams[0] === 1 ? "stream" : "streams"}, ${atATime} ${atATime === 1 ? "call" : "calls"} at a time`,
      { servers: 3, calls: 600, atATime, ms: 5, streams },
    ]),
  ),
);
