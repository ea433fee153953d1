import type { LookupTicket } from "./lookup-queue.js";

/** What a host name stands for at the moment. */
export interface HostAnswer {
  /** IP addresses. None is an answer too: the name is not there, or has no address. Not knowing is a rejection. */
  readonly addresses: readonly string[];
  /** How long the answer holds, in milliseconds; undefined where its source does not say. */
  readonly ttlMs?: number | undefined;
  /** The full name that DNS knows the host by, once a search list has found it. */
  readonly name?: string | undefined;
  /** Why there is no address, in words. */
  readonly absence?: string | undefined;
}

export interface LookupOptions extends LookupTicket {
  readonly signal: AbortSignal;
  /** What the same lookup of the same host answered last: where to ask first, and what to keep of a half-failed answer. */
  readonly previous?: HostAnswer | undefined;
}

/**
 * Asks once what a host name stands for.
 * @throws Error that says in words who was asked and why there is no answer.
 */
export type HostLookup = (host: string, options: LookupOptions) => Promise<HostAnswer>;
