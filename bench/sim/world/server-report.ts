/** How loaded a server is: what ORCA reports carry (gRFC A51), of its last whole second. */
export interface ServerLoad {
  /** Share of its workers that were busy, 0 to 1. */
  readonly utilisation: number;
  readonly callsPerSecond: number;
  readonly errorsPerSecond: number;
}

/** What comes with an answer, for policies that hear from servers. */
export interface ServerReport {
  /** Calls that the server has and has not answered, without this one. */
  readonly inFlight: number;
  /** How long a worker was at this call, in milliseconds. */
  readonly serviceMs: number;
  readonly load: ServerLoad;
}

/** What a server answers to a probe of Prequal or LSQ. */
export interface ProbeAnswer {
  /** Calls that it has and has not answered. */
  readonly inFlight: number;
  /** Median of what calls took lately that found about as many in flight, in milliseconds; 0 while there are none. */
  readonly latencyMs: number;
}

/** A process that does nothing uses this share of its workers all the same: with 0 a report is no report (gRFC A58). */
const LEAST_UTILISATION = 0.01;
const LOAD_EVERY_MS = 1_000;
/** Latencies that a server keeps for each number of calls in flight, and for how long, in milliseconds. */
const KEPT = 16;
const KEPT_MS = 1_000;

interface Recent {
  readonly latencies: number[];
  at: number;
}

/** What a server measures of itself. */
export class SelfReport {
  load: ServerLoad = { utilisation: 0, callsPerSecond: 0, errorsPerSecond: 0 };
  readonly #byInFlight: (Recent | undefined)[] = [];
  #since = 0;
  #busyMs = 0;
  #calls = 0;
  #errors = 0;

  /**
   * A call is over.
   * @param found calls in flight when it came.
   * @param busyShareMs the time in which workers were busy since the beginning, divided by their number.
   */
  ended(call: { found: number; latencyMs: number; ok: boolean }, now: number, busyShareMs: number): void {
    this.#calls += 1;
    if (!call.ok) this.#errors += 1;
    const recent = this.#byInFlight[call.found];
    if (!recent) this.#byInFlight[call.found] = { latencies: [call.latencyMs], at: now };
    else {
      if (recent.latencies.length >= KEPT) recent.latencies.shift();
      recent.latencies.push(call.latencyMs);
      recent.at = now;
    }
    const passedMs = now - this.#since;
    if (passedMs < LOAD_EVERY_MS) return;
    this.load = {
      utilisation: Math.max(LEAST_UTILISATION, (busyShareMs - this.#busyMs) / passedMs),
      callsPerSecond: (1_000 * this.#calls) / passedMs,
      errorsPerSecond: (1_000 * this.#errors) / passedMs,
    };
    [this.#since, this.#busyMs, this.#calls, this.#errors] = [now, busyShareMs, 0, 0];
  }

  /** The median latency at this number of calls in flight, or at the nearest of which there is any. */
  latencyAt(inFlight: number, now: number): number {
    for (let off = 0; off <= Math.max(inFlight, this.#byInFlight.length); off++) {
      for (const at of [inFlight - off, inFlight + off]) {
        const recent = this.#byInFlight[at];
        if (recent && now - recent.at <= KEPT_MS) return median(recent.latencies);
      }
    }
    return 0;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
