import { Code, ConnectError } from "@connectrpc/connect";
import { outcomeOf } from "../balancer/outcome.js";
import type { PoolLease } from "../pool/lease.js";
import { isTimeout, notStarted } from "../pool/outcome.js";
import type { Call } from "./call.js";

/** How far clocks and timers of the two sides may be apart, in milliseconds. */
const TOLERANCE_MS = 10;

/** Of a lease, its end. */
type Ending = Pick<PoolLease<unknown>, "finish" | "hasAnswered">;

/** A call that has an instance. */
export interface RunningCall extends Pick<Call, "signal" | "deadline" | "inputFailed"> {
  readonly lease: Ending;
}

/** Ends the lease of a call that failed. @returns the error as the caller must see it. */
export function endFailed({ lease, signal, deadline, inputFailed }: RunningCall, reason: unknown): ConnectError {
  if (signal.aborted) {
    endAborted(lease, signal, true);
    return ConnectError.from(reason);
  }
  const error = ConnectError.from(reason);
  if (inputFailed?.()) {
    lease.finish("ignore");
    return error;
  }
  // A server that keeps the deadline resets the stream with CANCEL when it has passed, often before the client's own timer fires.
  const atDeadline = deadline !== undefined && performance.now() >= deadline - TOLERANCE_MS;
  if (error.code === Code.Canceled && atDeadline) {
    lease.finish(outcomeOf(Code.DeadlineExceeded, true, lease.hasAnswered), { timedOut: true });
    return new ConnectError(
      "the operation timed out: the server ended the call at its deadline",
      Code.DeadlineExceeded,
    );
  }
  if (notStarted(error)) {
    lease.finish("failure");
    // connect-node has INTERNAL and ABORTED for most of the ways in which a connection does not come about.
    return new ConnectError(error.rawMessage, Code.Unavailable, undefined, undefined, error.cause);
  }
  // Connect's codes are gRPC's numbers. What no error of this machine causes is an answer.
  const heard = error.cause === undefined && error.code !== Code.DeadlineExceeded;
  lease.finish(brokeOff(error) ? "failure" : outcomeOf(error.code, true, atDeadline && lease.hasAnswered), { heard });
  return error;
}

/** connect-node says ABORTED of a connection that broke, too; what a server aborts has no cause on this machine. */
function brokeOff({ code, cause }: ConnectError): boolean {
  const { code: reason } = (cause ?? {}) as NodeJS.ErrnoException;
  // What is written after the server's last word says nothing: that word is the outcome.
  return code === Code.Aborted && reason !== undefined && reason !== "ERR_STREAM_WRITE_AFTER_END";
}

/**
 * Ends the lease of a call that its caller has given up, or that has run out of time: that is the instance's doing, unless it has
 * answered.
 * @param waits whether the caller was waiting for the instance, and not the instance for a reader.
 */
export function endAborted(lease: Ending, signal: AbortSignal, waits: boolean): void {
  const { reason } = signal as { reason: unknown };
  const timedOut = (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) || isTimeout(reason);
  const code = timedOut ? Code.DeadlineExceeded : Code.Canceled;
  lease.finish(outcomeOf(code, false, lease.hasAnswered), { timedOut, gaveUp: waits });
}
