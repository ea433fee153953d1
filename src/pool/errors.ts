import { isTimeout } from "./outcome.js";

/** No instance can take the exchange. The message names the service, its registry and why. */
export class NoInstanceError extends Error {
  override readonly name = "NoInstanceError";
  readonly code = "ROLLCALL_NO_INSTANCE";
}

/** The pool has been closed. */
export class PoolClosedError extends Error {
  override readonly name = "PoolClosedError";
  readonly code = "ROLLCALL_POOL_CLOSED";
}

/**
 * What a caller is told whose signal aborted while it waited: the signal's own reason and, where that is a time that ran
 * out, why it waited.
 */
export function waitedInVain(reason: unknown, why: string | undefined): unknown {
  if (!isTimeout(reason) || why === undefined) return reason;
  return new DOMException(`${(reason as Error).message}: ${why}`, { name: "TimeoutError", cause: reason });
}
