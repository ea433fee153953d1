import type { MakePolicy, Policy } from "./policy.js";

// The reference policies, written from what their projects publish about them.

/** What a reference policy keeps of one server. */
interface Seen {
  readonly server: number;
  running: number;
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

function unseen(server: number, now: number): Seen {
  return {
    server,
    running: 0,
    latency: 0,
    success: 1,
    ended: now,
    picked: 0,
    starts: [],
    predicted: 0,
    predictedAt: 0,
  };
}

/** Keeps what was seen of servers that stay, and counts running calls. */
abstract class Reference implements Policy {
  protected list: Seen[] = [];
  protected by = new Map<number, Seen>();
  protected readonly now: () => number;
  protected readonly random: () => number;

  constructor(now: () => number, random: () => number) {
    this.now = now;
    this.random = random;
  }

  set(servers: readonly number[]): void {
    this.list = servers.map((server) => this.by.get(server) ?? unseen(server, this.now()));
    this.by = new Map(this.list.map((seen) => [seen.server, seen]));
  }

  pick(): number {
    const seen = this.choose();
    seen.running += 1;
    this.began(seen);
    return seen.server;
  }

  start(): void {}

  end(server: number, latencyMs: number, ok: boolean | undefined): void {
    const seen = this.by.get(server);
    if (!seen) return;
    seen.running = Math.max(0, seen.running - 1);
    if (ok === undefined) return;
    this.learn(seen, latencyMs, ok);
  }

  protected abstract choose(): Seen;
  protected began(_seen: Seen): void {}
  protected learn(_seen: Seen, _latencyMs: number, _ok: boolean): void {}

  protected any(): Seen {
    return this.list[Math.floor(this.random() * this.list.length)]!;
  }

  /** Two different ones at random (the same twice when there is only one). */
  protected two(): [Seen, Seen] {
    const n = this.list.length;
    const i = Math.floor(this.random() * n);
    if (n === 1) return [this.list[0]!, this.list[0]!];
    let j = Math.floor(this.random() * (n - 1));
    if (j >= i) j += 1;
    return [this.list[i]!, this.list[j]!];
  }
}

class RoundRobin extends Reference {
  #next = -1;

  protected choose(): Seen {
    if (this.#next < 0) this.#next = Math.floor(this.random() * this.list.length);
    this.#next = (this.#next + 1) % this.list.length;
    return this.list[this.#next]!;
  }
}

class Random extends Reference {
  protected choose(): Seen {
    return this.any();
  }
}

/** Envoy's least request: the one with fewer running calls of two. */
class LeastRequest extends Reference {
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
class GoZero extends Reference {
  override set(servers: readonly number[]): void {
    this.by.clear();
    super.set(servers);
  }

  protected choose(): Seen {
    let [a, b] = this.two();
    for (let tries = 1; tries < 3 && this.list.length > 2 && !(a.success > 0.5 && b.success > 0.5); tries++) {
      [a, b] = this.two();
    }
    if (this.#load(b) < this.#load(a)) [a, b] = [b, a];
    const chosen = this.now() - b.picked > 1_000 ? b : a;
    chosen.picked = this.now();
    return chosen;
  }

  #load(seen: Seen): number {
    return Math.floor(Math.sqrt(seen.latency * 1e6 + 1)) * (seen.running + 1);
  }

  protected override learn(seen: Seen, latencyMs: number, ok: boolean): void {
    const now = this.now();
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
class Kratos extends Reference {
  protected choose(): Seen {
    let [a, b] = this.two();
    if (this.#weight(b) > this.#weight(a)) [a, b] = [b, a];
    return this.now() - b.picked > 3_000 ? b : a;
  }

  #weight(seen: Seen): number {
    const now = this.now();
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

  protected override began(seen: Seen): void {
    seen.picked = this.now();
    seen.starts.push(seen.picked);
  }

  protected override learn(seen: Seen, latencyMs: number, ok: boolean): void {
    const now = this.now();
    const started = seen.starts.findIndex((start) => Math.abs(now - latencyMs - start) < 1e-6);
    if (started >= 0) seen.starts.splice(started, 1);
    const w = seen.latency === 0 ? 0 : Math.exp((seen.ended - now) / 600);
    seen.ended = now;
    seen.latency = seen.latency * w + latencyMs * (1 - w);
    seen.success = seen.success * w + (ok ? 1 : 0) * (1 - w);
  }
}

/** Finagle's peak EWMA: jumps to a higher latency at once, fades over 10 s; latency times running calls + 1. */
class PeakEwma extends Reference {
  protected choose(): Seen {
    const [a, b] = this.two();
    return this.#load(b) < this.#load(a) ? b : a;
  }

  #load(seen: Seen): number {
    this.#observe(seen, 0);
    if (seen.latency === 0 && seen.running > 0) return 1e15 + seen.running;
    return seen.latency * (seen.running + 1);
  }

  #observe(seen: Seen, latencyMs: number): void {
    const now = this.now();
    const w = Math.exp((seen.ended - now) / 10_000);
    seen.latency = latencyMs > seen.latency ? latencyMs : seen.latency * w + latencyMs * (1 - w);
    seen.ended = now;
  }

  protected override learn(seen: Seen, latencyMs: number): void {
    this.#observe(seen, latencyMs);
  }
}

/** Sees every queue and takes the server that would finish the call first. No client can do this. */
class Oracle extends Reference {
  readonly #expected: (server: number) => number;

  constructor(now: () => number, random: () => number, expected: (server: number) => number) {
    super(now, random);
    this.#expected = expected;
  }

  protected choose(): Seen {
    const offset = Math.floor(this.random() * this.list.length);
    let best = this.list[offset]!;
    let least = this.#expected(best.server);
    for (let i = 1; i < this.list.length; i++) {
      const seen = this.list[(offset + i) % this.list.length]!;
      const expected = this.#expected(seen.server);
      if (expected < least) {
        best = seen;
        least = expected;
      }
    }
    return best;
  }
}

export const references: Readonly<Record<string, MakePolicy>> = {
  "round robin": ({ now, random }) => new RoundRobin(now, random),
  random: ({ now, random }) => new Random(now, random),
  "least request": ({ now, random }) => new LeastRequest(now, random),
  "go-zero p2c": ({ now, random }) => new GoZero(now, random),
  "Kratos p2c": ({ now, random }) => new Kratos(now, random),
  "Finagle peak EWMA": ({ now, random }) => new PeakEwma(now, random),
};

export const oracle: MakePolicy = ({ now, random, expected }) => new Oracle(now, random, expected);
