import { detached } from "../async/detached.js";
import { log } from "../log.js";
import type { ClientSource } from "./sources.js";
import { clients, onFirstSource } from "./sources.js";

const MINUTE_MS = 60_000;
/** Instances named in a line, those with the most calls first. */
const NAMED = 20;

let silent = false;

/** go-zero's `Log.Stat: false`: this process writes no such lines from now on. */
export function silenceMinutes(): void {
  silent = true;
}

/** What a channel had counted when the minute began. */
const counted = new WeakMap<ClientSource, { calls: number; failures: number }>();

/**
 * Writes one line a minute for each service that was called, as go-zero does: calls a second, failures, latencies, and each instance's
 * expected latency and calls. Holds no process; silent while nothing is called.
 */
export function logEachMinute(): void {
  onFirstSource(() => {
    detached(() => setInterval(logMinute, MINUTE_MS).unref());
  });
}

/** Says what the minute was, and begins the next. */
export function logMinute(): void {
  for (const client of clients) {
    const { service, totals, instances, state } = client.state();
    const before = counted.get(client) ?? { calls: 0, failures: 0 };
    counted.set(client, totals);
    const calls = totals.calls - before.calls;
    const latency = client.turnMinute();
    if (calls === 0 || silent) continue;
    const busiest = [...instances].sort((a, b) => b.calls - a.calls).slice(0, NAMED);
    log.info(
      {
        service,
        state,
        calls,
        qps: Number((calls / (MINUTE_MS / 1000)).toFixed(1)),
        failures: totals.failures - before.failures,
        medianMs: latency?.median,
        p90Ms: latency?.p90,
        p99Ms: latency?.p99,
        ready: instances.filter(({ ready }) => ready).length,
        instances: busiest.map(({ id, expectedMs, inFlight, calls, failureRate }) => ({
          instance: id,
          expectedMs,
          inFlight,
          calls,
          failureRate,
        })),
      },
      "statistics of the last minute",
    );
  }
}
