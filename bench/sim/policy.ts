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
  /** @param ok undefined where the client itself has ended the call, as the copy that lost. */
  end(server: number, latencyMs: number, ok: boolean | undefined, kind?: string): void;
  /** Second copies of calls that are slow. Default none. */
  readonly hedging?: Hedger;
}

/** When a client sends a call a second time: src/balancer's Hedging, or a rule it is compared with. */
export interface Hedger {
  started(kind: string): number | undefined;
  take(kind: string): boolean;
  ended(kind: string, ms: number, copies: 1 | 2, winner: 0 | 1 | 2): void;
}

/** What a policy may know when it is made. */
export interface Surroundings {
  readonly now: () => number;
  readonly random: () => number;
  /** Expected time to serve one more call at a server: what only an omniscient policy may ask. */
  readonly expected: (server: number) => number;
}

export type MakePolicy = (around: Surroundings) => Policy;
