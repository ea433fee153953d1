import { Code, ConnectError } from "@connectrpc/connect";
import { NoInstanceError, PoolClosedError } from "../pool/errors.js";
import type { PoolLease } from "../pool/lease.js";
import { notStarted } from "../pool/outcome.js";
import type { ServicePool } from "../pool/pool.js";
import type { Call } from "./call.js";
import type { InstanceConnection } from "./instance-connection.js";
import { endFailed } from "./outcome.js";

export type Lease = PoolLease<InstanceConnection>;

/**
 * Makes a call on one instance and, where it provably did not start there, once more on another.
 * @param again whether what the caller sends can be sent once more.
 * @throws ConnectError as the caller, and its interceptors, must see it.
 */
export async function onAnInstance<R>(
  pool: ServicePool<InstanceConnection>,
  call: Call,
  again: () => boolean,
  attempt: (lease: Lease) => Promise<R>,
): Promise<R> {
  const tried = new Set<string>();
  for (;;) {
    const lease = await pool.acquire(call, tried).catch((reason: unknown) => {
      throw gotNone(pool, reason);
    });
    lease.connection.endWith?.(lease.dead);
    try {
      return await attempt(lease);
    } catch (reason) {
      const error = endFailed({ lease, ...call }, reason);
      const unstarted = !call.signal.aborted && !call.inputFailed?.() && notStarted(reason);
      // Where each request may dial, only this says that nobody answers there any more.
      if (unstarted && !lease.connection.probe) lease.connection.lost(error.rawMessage);
      if (!unstarted || tried.size > 0 || !again()) throw error;
      tried.add(lease.id);
    }
  }
}

/** What a call is told that got no instance. */
function gotNone(pool: ServicePool<InstanceConnection>, reason: unknown): ConnectError {
  if (reason instanceof NoInstanceError || reason instanceof PoolClosedError) {
    return new ConnectError(reason.message, Code.Unavailable, undefined, undefined, reason);
  }
  return explained(pool, reason);
}

/** The error of a call; one that ran out of time says why no instance can be used, where that is so. */
export function explained(pool: ServicePool<InstanceConnection>, reason: unknown): ConnectError {
  const error = ConnectError.from(reason);
  const why = error.code === Code.DeadlineExceeded ? pool.explain() : undefined;
  // An interceptor may hand on what it was told already.
  if (why === undefined || error.rawMessage.endsWith(why)) return error;
  return new ConnectError(`${error.rawMessage}: ${why}`, error.code, undefined, undefined, error);
}
