// Who waits for what, and how long, in milliseconds. docs/architecture.md has the table of all grace periods.

/**
 * How long a connection is kept after its instance has left the registry. Leases are renewed every third of their TTL, so
 * those that can no longer be renewed run out within a third of a TTL of each other: this covers TTLs of up to 30 s.
 */
export const RETIRED_MS = 10_000;

/**
 * How long instances that an emptied registry no longer lists stay in use after the first new registration. The others
 * learn of the loss by their next keepalive, a third of the TTL of 10 s later, and would meanwhile leave the first one with
 * all the traffic.
 */
export const TAKEOVER_MS = 4_000;

/**
 * How long calls that wait for a first connection wait for the others too: else all of them would go to the instance that
 * happened to connect first.
 */
export const SETTLE_MS = 50;

/** Calls on which nothing has come back for so long start a probe, and a probe is given so long to be answered. */
export const SILENCE_MS = 2_000;

/** A connection whose calls have been answered and go on quietly (streams) is probed this often: gRPC's shortest keepalive. */
export const QUIET_MS = 10_000;

/** After so long without calls or answers a connection is probed before it takes a call: the way there may be gone. */
export const IDLE_MS = 10_000;

/** An instance that has not said by then whether it serves does not tell, and is called. */
export const FIRST_WORD_MS = 1_000;

/** How long those that are not ready yet are waited for while others are connected and say that they do not serve. */
export const PANIC_MS = 1_000;

/** Waits between second connections to an address whose first one says NOT_SERVING: from, and up to. */
export const REASK_SHORTEST_MS = 1_000;
export const REASK_LONGEST_MS = 30_000;

/** A second connection that does not serve by then is given up. */
export const CANDIDATE_MS = 5_000;

/** An instance that has had no connection for so long is worth a warning. */
export const UNCONNECTED_MS = 30_000;
