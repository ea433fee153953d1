import type { ServerReport } from "../../world/server-report.js";
import type { Policy, Surroundings } from "../policy.js";

/** What every reference policy keeps of a server. */
export interface Seen {
  readonly server: number;
  /** Calls of this client in flight there. */
  running: number;
}

/** A policy to compare with: keeps what was seen of servers that stay, and counts its own calls in flight. */
export abstract class Reference<S extends Seen> implements Policy {
  protected list: readonly S[] = [];
  protected by: ReadonlyMap<number, S> = new Map();
  protected readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  protected get now(): number {
    return this.around.now();
  }

  set(servers: readonly number[]): void {
    this.list = servers.map((server) => this.by.get(server) ?? this.unseen(server));
    this.by = new Map(this.list.map((seen) => [seen.server, seen]));
  }

  pick(): number {
    const seen = this.choose();
    seen.running += 1;
    this.began(seen);
    return seen.server;
  }

  start(): void {}

  end(server: number, latencyMs: number, ok: boolean | undefined, _kind?: string, report?: ServerReport): void {
    const seen = this.by.get(server);
    if (!seen) return;
    seen.running = Math.max(0, seen.running - 1);
    if (ok === undefined) return;
    this.learn(seen, latencyMs, ok, report);
  }

  protected abstract choose(): S;
  protected abstract unseen(server: number): S;
  protected began(_seen: S): void {}
  protected learn(_seen: S, _latencyMs: number, _ok: boolean, _report?: ServerReport): void {}

  protected any(): S {
    return this.list[Math.floor(this.around.random() * this.list.length)]!;
  }

  /** Two different ones at random (the same twice when there is only one). */
  protected two(): [S, S] {
    const n = this.list.length;
    const i = Math.floor(this.around.random() * n);
    if (n === 1) return [this.list[0]!, this.list[0]!];
    let j = Math.floor(this.around.random() * (n - 1));
    if (j >= i) j += 1;
    return [this.list[i]!, this.list[j]!];
  }

  /** The one of all with the least load; one of them at random where several have it. */
  protected least(load: (seen: S) => number): S {
    const offset = Math.floor(this.around.random() * this.list.length);
    let best = this.list[offset]!;
    let least = load(best);
    for (let i = 1; i < this.list.length; i++) {
      const seen = this.list[(offset + i) % this.list.length]!;
      const other = load(seen);
      if (other < least) [best, least] = [seen, other];
    }
    return best;
  }
}
