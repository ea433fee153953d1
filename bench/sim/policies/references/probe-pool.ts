import type { ProbeAnswer } from "../../world/server-report.js";

/** The defaults of Prequal. */
const SIZE = 16;
const AGE_MS = 1_000;
export const PROBES_A_CALL = 3;
const REMOVED_A_CALL = 1;
const DELTA = 1;
/** 2^(-1/4), about 0.84: above this quantile of the calls in flight a server is hot. */
const HOT_QUANTILE = 2 ** -0.25;
/** The quantile is that of so many of the last answers. */
const ANSWERS = 64;

interface Probe {
  readonly server: number;
  readonly at: number;
  readonly latencyMs: number;
  inFlight: number;
  usesLeft: number;
}

/**
 * The probe pool of Prequal with its rules: what is known of a few servers for a second, used a few times, the worst and the
 * oldest removed in turn so that bad news does not gather, and of what is left the hot-cold lexicographic choice.
 */
export class ProbePool {
  readonly #random: () => number;
  #probes: Probe[] = [];
  readonly #inFlight: number[] = [];
  #removesWorst = true;

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#probes.length;
  }

  /** An answer has come. @param servers how many there are. */
  add(server: number, { inFlight, latencyMs }: ProbeAnswer, servers: number, now: number): void {
    this.#inFlight.push(inFlight);
    if (this.#inFlight.length > ANSWERS) this.#inFlight.shift();
    this.#probes = this.#probes.filter((probe) => probe.server !== server);
    if (this.#probes.length >= SIZE) this.#probes.shift();
    this.#probes.push({ server, at: now, latencyMs, inFlight, usesLeft: this.#uses(servers) });
  }

  /** Only these servers are left, and what is not too old. */
  keep(has: (server: number) => boolean, now: number): void {
    this.#probes = this.#probes.filter(({ server, at }) => now - at <= AGE_MS && has(server));
  }

  /** The server for a call; undefined when fewer than two are known. */
  choose(): number | undefined {
    if (this.#probes.length < 2) return undefined;
    const chosen = this.#best();
    // The call that it is chosen for is under way now.
    chosen.inFlight += 1;
    chosen.usesLeft -= 1;
    if (chosen.usesLeft <= 0) this.#remove(chosen);
    for (let i = 0; i < REMOVED_A_CALL && this.#probes.length > 0; i++) {
      this.#remove(this.#removesWorst ? this.#worst() : this.#probes[0]!);
      this.#removesWorst = !this.#removesWorst;
    }
    return chosen.server;
  }

  /** Of the cold ones the quickest; where all are hot, the one with the fewest calls in flight. */
  #best(): Probe {
    const limit = this.#hotAbove();
    const cold = this.#probes.filter(({ inFlight }) => inFlight <= limit);
    if (cold.length > 0) return cold.reduce((best, probe) => (probe.latencyMs < best.latencyMs ? probe : best));
    return this.#probes.reduce((best, probe) => (probe.inFlight < best.inFlight ? probe : best));
  }

  /** The same the other way round. */
  #worst(): Probe {
    const limit = this.#hotAbove();
    const hot = this.#probes.filter(({ inFlight }) => inFlight > limit);
    if (hot.length > 0) return hot.reduce((worst, probe) => (probe.inFlight > worst.inFlight ? probe : worst));
    return this.#probes.reduce((worst, probe) => (probe.latencyMs > worst.latencyMs ? probe : worst));
  }

  #hotAbove(): number {
    const sorted = [...this.#inFlight].sort((a, b) => a - b);
    return sorted[Math.floor(HOT_QUANTILE * (sorted.length - 1))]!;
  }

  /** How often a probe is used: max(1, (1 + δ) / ((1 - m / n) r_probe - r_remove)), rounded by chance. */
  #uses(servers: number): number {
    const net = (1 - Math.min(1, SIZE / servers)) * PROBES_A_CALL - REMOVED_A_CALL;
    const uses = net > 0 ? Math.max(1, (1 + DELTA) / net) : 1;
    return Math.floor(uses) + (this.#random() < uses % 1 ? 1 : 0);
  }

  #remove(gone: Probe): void {
    this.#probes = this.#probes.filter((probe) => probe !== gone);
  }
}
