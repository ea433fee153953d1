import type { MakePolicy } from "./policy.js";
import { withBackupRequests } from "./references/backup-requests.js";
import { C3 } from "./references/c3.js";
import { LocalShortestQueue } from "./references/lsq.js";
import { Prequal } from "./references/prequal.js";
import { Reference, type Seen } from "./references/reference.js";
import { WeightedRoundRobin } from "./references/weighted-round-robin.js";

// The reference policies, written from what their projects publish about them. Those that hear from servers, as no client does
// on its own, are files of references/.

/** Policies that know nothing but which calls they have under way. */
abstract class Counting extends Reference<Seen> {
  protected unseen(server: number): Seen {
    return { server, running: 0 };
  }
}

/** What is kept of a server where latencies and successes count. */
interface Measured extends Seen {
  latency: number;
  success: number;
  /** When a call last ended. */
  ended: number;
  /** When it was last picked. */
  picked: number;
  /** Start times of running calls, oldest first (Kratos only). */
  readonly starts: number[];
  predicted: number;
  predictedAt: number;
}

abstract class Measuring extends Reference<Measured> {
  protected unseen(server: number): Measured {
    return {
      server,
      running: 0,
      latency: 0,
      success: 1,
      ended: this.now,
      picked: 0,
      starts: [],
      predicted: 0,
      predictedAt: 0,
    };
  }
}

class RoundRobin extends Counting {
  #next = -1;

  protected choose(): Seen {
    if (this.#next < 0) this.#next = Math.floor(this.around.random() * this.list.length);
    this.#next = (this.#next + 1) % this.list.length;
    return this.list[this.#next]!;
  }
}

class Random extends Counting {
  protected choose(): Seen {
    return this.any();
  }
}

/** Envoy's least request: the one with fewer running calls of two. */
class LeastRequest extends Counting {
  protected choose(): Seen {
    const [a, b] = this.two();
    return b.running < a.running ? b : a;
  }
}

/**
 * go-zero's p2c_ewma: an EWMA of 10 s; load is the root of the latency in nanoseconds times running calls + 1; redraws
 * up to three times while one of the pair succeeds less than half the time; the loser is forced after 1 s unpicked.
 * Every change of members starts with no history.
 */
class GoZero extends Measuring {
  override set(servers: readonly number[]): void {
    this.by = new Map();
    super.set(servers);
  }

  protected choose(): Measured {
    let [a, b] = this.two();
    for (let tries = 1; tries < 3 && this.list.length > 2 && !(a.success > 0.5 && b.success > 0.5); tries++) {
      [a, b] = this.two();
    }
    if (this.#load(b) < this.#load(a)) [a, b] = [b, a];
    const chosen = this.now - b.picked > 1_000 ? b : a;
    chosen.picked = this.now;
    return chosen;
  }

  #load(seen: Measured): number {
    return Math.floor(Math.sqrt(seen.latency * 1e6 + 1)) * (seen.running + 1);
  }

  protected override learn(seen: Measured, latencyMs: number, ok: boolean): void {
    const now = this.now;
    const w = seen.latency === 0 ? 0 : Math.exp((seen.ended - now) / 10_000);
    const ws = Math.exp((seen.ended - now) / 10_000);
    seen.ended = now;
    seen.latency = seen.latency * w + latencyMs * (1 - w);
    seen.success = seen.success * (seen.latency === 0 ? ws : w) + (ok ? 1 : 0) * (1 - w);
  }
}

/**
 * Kratos' p2c with its EWMA node: an EWMA of 600 ms of latency and success; when more than half of the running calls
 * are older than it, their mean age is taken instead; a newcomer counts as 10 s; the loser is forced after 3 s unpicked.
 */
class Kratos extends Measuring {
  protected choose(): Measured {
    let [a, b] = this.two();
    if (this.#weight(b) > this.#weight(a)) [a, b] = [b, a];
    return this.now - b.picked > 3_000 ? b : a;
  }

  #weight(seen: Measured): number {
    const now = this.now;
    const interval = Math.min(200, Math.max(5, seen.latency / 5));
    if (now - seen.predictedAt > interval) {
      seen.predictedAt = now;
      const old = seen.starts.filter((start) => now - start > seen.latency);
      const enough = old.length > Math.floor(seen.starts.length / 2) + 1;
      seen.predicted = enough ? old.reduce((sum, start) => sum + now - start, 0) / old.length : 0;
    }
    const latency = seen.latency === 0 ? 10_000 : Math.max(seen.latency, seen.predicted);
    return seen.success / (latency * (seen.running + 1));
  }

  protected override began(seen: Measured): void {
    seen.picked = this.now;
    seen.starts.push(seen.picked);
  }

  protected override learn(seen: Measured, latencyMs: number, ok: boolean): void {
    const now = this.now;
    const started = seen.starts.findIndex((start) => Math.abs(now - latencyMs - start) < 1e-6);
    if (started >= 0) seen.starts.splice(started, 1);
    const w = seen.latency === 0 ? 0 : Math.exp((seen.ended - now) / 600);
    seen.ended = now;
    seen.latency = seen.latency * w + latencyMs * (1 - w);
    seen.success = seen.success * w + (ok ? 1 : 0) * (1 - w);
  }
}

/** Finagle's peak EWMA: jumps to a higher latency at once, fades over 10 s; latency times running calls + 1. */
class PeakEwma extends Measuring {
  protected choose(): Measured {
    const [a, b] = this.two();
    return this.#load(b) < this.#load(a) ? b : a;
  }

  #load(seen: Measured): number {
    this.#observe(seen, 0);
    if (seen.latency === 0 && seen.running > 0) return 1e15 + seen.running;
    return seen.latency * (seen.running + 1);
  }

  #observe(seen: Measured, latencyMs: number): void {
    const now = this.now;
    const w = Math.exp((seen.ended - now) / 10_000);
    seen.latency = latencyMs > seen.latency ? latencyMs : seen.latency * w + latencyMs * (1 - w);
    seen.ended = now;
  }

  protected override learn(seen: Measured, latencyMs: number): void {
    this.#observe(seen, latencyMs);
  }
}

/** Sees every queue and takes the server that would finish the call first. No client can do this. */
class Oracle extends Counting {
  protected choose(): Seen {
    return this.least(({ server }) => this.around.expected(server));
  }
}

/** Policies that know what a client knows by itself. */
export const references: Readonly<Record<string, MakePolicy>> = {
  "round robin": (around) => new RoundRobin(around),
  random: (around) => new Random(around),
  "least request": (around) => new LeastRequest(around),
  "go-zero p2c": (around) => new GoZero(around),
  "Kratos p2c": (around) => new Kratos(around),
  "Finagle peak EWMA": (around) => new PeakEwma(around),
};

/** Policies for servers that take part: they send their load with their answers, or answer probes. */
export const informedReferences: Readonly<Record<string, MakePolicy>> = {
  "gRFC A58": (around) => new WeightedRoundRobin(around),
  C3: (around) => new C3(around),
  LSQ: (around) => new LocalShortestQueue(around),
  Prequal: (around) => new Prequal(around),
};

/** Finagle's own default balancer, least load of two, with its backup requests. */
export const finagleWithBackups: MakePolicy = withBackupRequests(references["least request"]!);

export const oracle: MakePolicy = (around) => new Oracle(around);
