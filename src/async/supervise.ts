import { log } from "../log.js";
import { Backoff, type BackoffOptions } from "./backoff.js";
import { detached } from "./detached.js";

/**
 * Runs a loop of background work until it returns or the signal aborts, in nobody's context. A loop that throws is reported
 * and started again after a wait: a mistake in one round must not end what keeps a service found or listed.
 * @param what Names the work in the log, for example "the watch of etcd".
 * @returns a promise that resolves at the end and never rejects.
 */
export function supervise(
  what: string,
  signal: AbortSignal,
  loop: () => Promise<void>,
  options: BackoffOptions = { initialMs: 1_000, maxMs: 60_000 },
): Promise<void> {
  return detached(async () => {
    const backoff = new Backoff(options);
    while (!signal.aborted) {
      try {
        await loop();
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error }, `${what} failed unexpectedly and is started again; please report this`);
        await backoff.wait(signal);
      }
    }
  });
}

/** Calls a listener that is somebody else's: what it throws is reported, and nobody's trouble but its own. */
export function callListener(what: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    log.error({ err: error }, `${what} threw`);
  }
}
