import type { ServerReport } from "../../world/server-report.js";
import { Reference, type Seen } from "./reference.js";

/** The defaults of gRFC A58, in milliseconds. */
const BLACKOUT_MS = 10_000;
const EXPIRATION_MS = 180_000;
const UPDATE_MS = 1_000;
const ERROR_UTILISATION_PENALTY = 1;

interface Weighted extends Seen {
  weight: number;
  updatedAt: number;
  /** Since when there have been reports without a break. */
  reportedSince: number;
  /** Earliest deadline first: when its turn is, and how long it is between turns. */
  turn: number;
  period: number;
}

/**
 * gRFC A58 (`weighted_round_robin`): in turns, as often as `queries / (utilisation + errors / queries)` of its own reports has
 * it, by an earliest deadline first schedule that is made anew every second. A server has the mean weight until it has
 * reported for 10 s, and again where it has not for 3 minutes; with fewer than two weights it is round robin.
 */
export class WeightedRoundRobin extends Reference<Weighted> {
  #scheduledAt = Number.NEGATIVE_INFINITY;

  protected unseen(server: number): Weighted {
    const never = Number.POSITIVE_INFINITY;
    return { server, running: 0, weight: 0, updatedAt: -never, reportedSince: never, turn: 0, period: 1 };
  }

  override set(servers: readonly number[]): void {
    super.set(servers);
    this.#scheduledAt = Number.NEGATIVE_INFINITY;
  }

  protected choose(): Weighted {
    if (this.now - this.#scheduledAt >= UPDATE_MS) this.#schedule();
    let first = this.list[0]!;
    for (const seen of this.list) if (seen.turn < first.turn) first = seen;
    first.turn += first.period;
    return first;
  }

  #schedule(): void {
    this.#scheduledAt = this.now;
    const weights = this.list.map((seen) => this.#weight(seen));
    const known = weights.filter((weight) => weight > 0);
    const mean = known.length < 2 ? 1 : known.reduce((sum, weight) => sum + weight, 0) / known.length;
    this.list.forEach((seen, i) => {
      seen.period = 1 / (known.length >= 2 && weights[i]! > 0 ? weights[i]! : mean);
      seen.turn = this.around.random() * seen.period;
    });
  }

  #weight(seen: Weighted): number {
    if (this.now - seen.updatedAt >= EXPIRATION_MS) {
      seen.reportedSince = Number.POSITIVE_INFINITY;
      return 0;
    }
    return this.now - seen.reportedSince >= BLACKOUT_MS ? seen.weight : 0;
  }

  protected override learn(seen: Weighted, _latencyMs: number, _ok: boolean, report?: ServerReport): void {
    if (!report) return;
    const { utilisation, callsPerSecond, errorsPerSecond } = report.load;
    if (utilisation === 0 || callsPerSecond === 0) return;
    seen.weight = callsPerSecond / (utilisation + (errorsPerSecond / callsPerSecond) * ERROR_UTILISATION_PENALTY);
    seen.updatedAt = this.now;
    seen.reportedSince = Math.min(seen.reportedSince, this.now);
  }
}
