/** A client's balancer as the simulator sees it. Servers are numbers. */
export interface Policy {
  /** Makes these servers the members. */
  set(servers: readonly number[]): void;
  /** The server for the next call, of this kind. */
  pick(kind?: string): number;
  /** The picked call begins; in a burst, after all picks of the burst. */
  start(server: number, kind?: string): void;
  /** A started call that goes on, a stream, has its first answer. */
  answer?(server: number, latencyMs: number, kind?: string): void;
  end(server: number, latencyMs: number, ok: boolean, kind?: string): void;
}

/** What a policy may know when it is made. */
export interface Surroundings {
  readonly now: () => number;
  readonly random: () => number;
  /** Expected time to serve one more call at a server: what only an omniscient policy may ask. */
  readonly expected: (server: number) => number;
}

export type MakePolicy = (around: Surroundings) => Policy;
