import { exponential, seeded } from "../sim/world/random.js";
import { FleetService, type Method } from "./service.js";

/** Some of the calls of a row: what they ask for, and under which name they are reported. */
export interface Kind {
  readonly name: string;
  /** Of all calls; the shares of a row are taken relative to their sum. */
  readonly share: number;
  readonly method: Method;
  /** Mean work of a call, of each answer for a stream, in milliseconds. */
  readonly workMs: number;
  /** "exponential": from nothing to many times the mean. "similar": evenly within 20 % of it. */
  readonly spread: "exponential" | "similar";
  readonly deadlineMs: number;
}

/** One call, as the load generators read it. */
export interface ScheduledCall {
  /** When it is due, in milliseconds from the begin. */
  readonly atMs: number;
  /** Name of its kind, for the report; the load generators do not use it. */
  readonly kind: string;
  /** Full path. */
  readonly method: string;
  readonly stream: boolean;
  readonly workMs: number;
  readonly deadlineMs: number;
}

/**
 * Calls of independent callers (a Poisson process), due whatever became of those before: an open loop, so that a slow answer
 * holds nobody back. The same seed gives the same calls.
 *
 * @param rate calls a second, on average.
 */
export function schedule(kinds: readonly Kind[], rate: number, forMs: number, seed: number): ScheduledCall[] {
  const random = seeded(seed);
  const calls: ScheduledCall[] = [];
  for (let atMs = next(); atMs < forMs; atMs += next()) {
    const { name: kind, method, workMs, spread, deadlineMs } = draw(kinds, random());
    const times = spread === "exponential" ? exponential(random) : 0.8 + 0.4 * random();
    const { path, responseStream: stream } = FleetService[method];
    calls.push({ atMs, kind, method: path, stream, workMs: workMs * times, deadlineMs });
  }
  return calls;

  function next(): number {
    return (exponential(random) * 1000) / rate;
  }
}

/** @param place where in [0, 1) of all shares laid one after the other. */
function draw(kinds: readonly Kind[], place: number): Kind {
  let left = place * kinds.reduce((sum, { share }) => sum + share, 0);
  for (const kind of kinds) {
    left -= kind.share;
    if (left < 0) return kind;
  }
  return kinds.at(-1)!; // rounding
}
