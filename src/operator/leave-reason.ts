/** An instance's lease as it was last seen. */
export interface SeenLease {
  readonly grantedSeconds: number;
  /** Left when it was last asked for, unknown where nobody said so; and when that was, in milliseconds of performance.now. */
  readonly ttlSeconds: number | undefined;
  readonly seenAt: number;
}

/**
 * Why an instance left that nobody paused: a lease that had time left was given back (the server stopped), one that had run
 * out has expired (the process died or was cut off). Undefined where the two are too close to tell, or nothing is known of it.
 * @param lease undefined for a key without one, which nobody but a person takes out.
 */
export function leaveReason(lease: SeenLease | undefined, now: number): "stopped" | "expired" | "deleted" | undefined {
  if (!lease) return "deleted";
  if (lease.ttlSeconds === undefined) return undefined;
  const left = lease.ttlSeconds - (now - lease.seenAt) / 1_000;
  if (left > 1.5) return "stopped";
  // etcd tells whole seconds, so a short lease that was renewed in time looks like one that has run out.
  return lease.grantedSeconds > 3 ? "expired" : undefined;
}
