import type { Client } from "./client.js";

/** One call, as the invariants see it. */
export interface CallRecord {
  readonly client: Client;
  /** Virtual milliseconds. */
  readonly beganAt: number;
  /** Where it was sent last, and when. */
  address: string | undefined;
  sentAt: number | undefined;
}
