import { abortable } from "../../../async/abortable.js";
import { afterRead } from "../../../async/after-read.js";
import { Backoff, sleep } from "../../../async/backoff.js";
import { awaitedTiming } from "../../../async/timing.js";
import { isLeaseGone } from "../../../etcd-client/errors.js";
import { LeaseService } from "../../../etcd-client/methods.js";
import type { Session, Sessions } from "../../../etcd-client/session.js";

/** Limit of taking an instance out, in milliseconds: a registry that is down must not keep a process from ending. */
const REMOVAL_LIMIT_MS = 3_000;

/** How long the answer to a put that is under way is awaited, in milliseconds. */
const ANSWER_LIMIT_MS = 1_000;

/** Waits until what etcd was asked before is answered, or given up because that takes too long. */
export async function answered(asked: Promise<void> | undefined, giveUp: AbortController): Promise<void> {
  await Promise.race([asked, sleep(ANSWER_LIMIT_MS, undefined, { unref: true })]);
  giveUp.abort(new Error("etcd did not answer in time"));
  await asked;
}

/**
 * Tries until it is done: another host may do what one could not.
 * @throws the last failure, or that etcd did not answer, when the limit has passed.
 */
export async function insist<T>(
  sessions: Sessions,
  attempt: (session: Session, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const late = () => limit.abort(new Error("etcd did not confirm it in time"));
  const stopTimer = afterRead(REMOVAL_LIMIT_MS, late, awaitedTiming);
  const { signal } = limit;
  const backoff = new Backoff({ initialMs: 50, maxMs: 500 });
  try {
    for (;;) {
      try {
        return await attempt(await abortable(sessions.session(), signal), signal);
      } catch (error) {
        await sleep(backoff.next(), signal);
        if (signal.aborted) throw error;
      }
    }
  } finally {
    stopTimer();
  }
}

/** @returns whether etcd still had the lease. */
export async function revoke(session: Session, lease: bigint, signal: AbortSignal): Promise<boolean> {
  try {
    await session.call(LeaseService.leaseRevoke, { ID: lease }, { signal });
    return true;
  } catch (error) {
    if (isLeaseGone(error)) return false;
    throw error;
  }
}
