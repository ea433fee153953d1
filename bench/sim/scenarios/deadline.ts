import { alone, type MakePolicy } from "../policies/policy.js";
import { seeded, steady } from "../world/random.js";

/** Fast calls before the one with a short deadline, and the most that are made after it. */
const [CALLS, MOST_CALLS] = [200, 20_000];

/**
 * Two equal servers, one client, fast calls one after the other; then one call of another method with a deadline of 40 ms,
 * where such calls take 300. @returns after how many milliseconds its server is used again.
 */
export function backAfterMs(callsPerSecond: number, make: MakePolicy, seed: number): number {
  let now = 0;
  const random = seeded(seed);
  const policy = make(alone(() => now, seed));
  policy.set([0, 1]);
  const call = (kind: string, ms: number, ok: boolean) => {
    const server = policy.pick(kind);
    policy.start(server, kind);
    now += ms;
    policy.end(server, ms, ok, kind);
    now += Math.max(0, 1_000 / callsPerSecond - ms);
    return server;
  };
  for (let i = 0; i < CALLS; i++) call("/fast", 2 * steady(random), true);
  const server = call("/slow", 40, false);
  const since = now;
  for (let i = 0; i < MOST_CALLS; i++) if (call("/fast", 2 * steady(random), true) === server) break;
  return now - since;
}
