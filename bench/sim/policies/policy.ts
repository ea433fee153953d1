import { seeded } from "../world/random.js";
import type { ProbeAnswer, ServerReport } from "../world/server-report.js";

/** A client's balancer as the simulator sees it. Servers are numbers. */
export interface Policy {
  /** Makes these servers the members. */
  set(servers: readonly number[]): void;
  /** The server for the next call, of this kind, or for a second copy of a call that was sent to `tried`. */
  pick(kind?: string, tried?: number): number;
  /** The picked call begins; in a burst, after all picks of the burst. */
  start(server: number, kind?: string): void;
  /** A started call that goes on, a stream, has its first answer. */
  answer?(server: number, latencyMs: number, kind?: string): void;
  /**
   * @param ok undefined where the client itself has ended the call, as the copy that lost.
   * @param report what the server says of itself with its answer; none where it gave none.
   */
  end(server: number, latencyMs: number, ok: boolean | undefined, kind?: string, report?: ServerReport): void;
  /** Second copies of calls that are slow. Default none. */
  readonly hedging?: Hedger;
  /** All servers have said that they are full: the next call fails here, unsent. Default never. */
  isFull?(): boolean;
  /** The server was full and refused a call. @returns whether it is sent once more, elsewhere. Default: it has failed. */
  refused?(server: number, forMs: number): boolean;
  /** Whether its word that it is full is not obeyed, so that what it refuses has failed. Default never. */
  ignores?(server: number): boolean;
  /** Whether a call that has failed is made again, after so many attempts. Default never. */
  retries?(attempts: number): boolean;
}

/** When a client sends a call a second time: src/balancer's Hedging, or a rule it is compared with. */
export interface Hedger {
  started(kind: string): number | undefined;
  take(kind: string, outlived?: boolean): boolean;
  ended(kind: string, ms: number, copies: 1 | 2, winner: 0 | 1 | 2, copyMs?: number): void;
}

/** What a policy may know when it is made. */
export interface Surroundings {
  readonly now: () => number;
  readonly random: () => number;
  /** How many clients there are. */
  readonly clients: number;
  /** Expected time to serve one more call at a server: what only an omniscient policy may ask. */
  readonly expected: (server: number) => number;
  /** Probes a server: it costs the server some work, and the answer takes its time, or never comes. */
  readonly probe: (server: number, answered: (answer: ProbeAnswer) => void) => void;
}

export type MakePolicy = (around: Surroundings) => Policy;

/** Passes everything on, so that a wrapper need only say what it changes. */
export function passingOn(policy: Policy): Policy {
  return {
    set: (servers) => policy.set(servers),
    pick: (kind, tried) => policy.pick(kind, tried),
    start: (server, kind) => policy.start(server, kind),
    answer: (server, ms, kind) => policy.answer?.(server, ms, kind),
    end: (server, ms, ok, kind, report) => policy.end(server, ms, ok, kind, report),
    ...(policy.hedging && { hedging: policy.hedging }),
    ...(policy.isFull && { isFull: () => policy.isFull!() }),
    ...(policy.refused && { refused: (server: number, forMs: number) => policy.refused!(server, forMs) }),
    ...(policy.ignores && { ignores: (server: number) => policy.ignores!(server) }),
    ...(policy.retries && { retries: (attempts: number) => policy.retries!(attempts) }),
  };
}

/** A client that is the only one, of servers that are never full and answer no probes. */
export function alone(now: () => number, seed: number): Surroundings {
  return { now, random: seeded(seed * 7919), clients: 1, expected: () => 0, probe: () => {} };
}
