import { SHUTDOWN_DEFAULTS } from "../defaults.js";

/** How long a server that is no longer listed keeps answering, in milliseconds: go-zero's Shutdown.WrapUpTime. */
export const DRAIN_MS = SHUTDOWN_DEFAULTS.WrapUpTime;

/** How long after the beginning of a stop everything must have ended, in milliseconds: go-zero's Shutdown.WaitTime. */
export const WAIT_MS = SHUTDOWN_DEFAULTS.WaitTime;

/** A start waits this long for its registry even where a stop may not take as long, in milliseconds. */
const LEAST_REGISTERING_MS = 3_000;

/** How long a hook that only says or ends something may take, in milliseconds. */
export const HOOK_MS = 1_000;

export interface Limits {
  readonly drainMs: number;
  readonly waitMs: number;
}

/** How long a start, a pause or a resume waits for the registry, in milliseconds. */
export function registeringLimitMs({ waitMs }: Limits): number {
  return Math.max(waitMs, LEAST_REGISTERING_MS);
}

/**
 * How long a stop waits for the registry, in milliseconds: half of what is not for draining, so that a registry that does not
 * answer leaves calls under way their share.
 */
export function removingLimitMs({ drainMs, waitMs }: Limits): number {
  return Math.max(0, waitMs - drainMs) / 2;
}
