import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { onAbort } from "../async/on-abort.js";
import { systemTiming } from "../async/timing.js";
import type { PoolLease } from "../pool/lease.js";
import type { Call } from "./call.js";
import { endAborted, endFailed } from "./outcome.js";

/**
 * How long a stream of a closed transport is left alone that nobody reads from: its reader may have broken off, which is not seen.
 * Milliseconds.
 */
export const UNREAD_MS = 5_000;

/** A streaming call that has been answered. */
export interface AnsweredCall extends Call {
  readonly lease: Pick<PoolLease<unknown>, "markAnswered" | "hasAnswered" | "finish">;
  /** Aborts when the connection is over, where it is one of its own. */
  readonly over: AbortSignal | undefined;
  /** Aborts when the transport has been closed for so long that answers which nobody reads are given up. */
  readonly givenUp: AbortSignal;
  /** Resets the stream. */
  cancel(): void;
  /** Lets go of what would reset it. */
  unlink(): void;
}

/**
 * The answers of a call, which tell its lease how it goes. That a reader breaks off never reaches a transport, so the
 * signal, the deadline, the end of the connection and that of the transport end the lease too; headers that nobody reads on after
 * say nothing of the instance.
 */
export function observedAnswers<M extends MessageShape<DescMessage>>(
  answers: AsyncIterable<M>,
  call: AnsweredCall,
): AsyncIterable<M> {
  const { lease, signal } = call;
  let reads = false;
  let readsOn = () => {};
  const releases = [() => call.unlink(), () => readsOn()];
  /** At any end, the reader's or not: what is listened to lives as long as the connection, or the transport. */
  const release = () => {
    for (const one of releases) one();
  };
  const ignore = () => {
    release();
    lease.finish("ignore");
  };
  // Later, because the same end reaches a reader that waits, as an error that counts against the instance. It would not count if the
  // lease had been let go of before.
  releases.push(onAbort(call.over, () => setImmediate(ignore)));
  const giveUp = () => {
    ignore();
    call.cancel();
  };
  releases.push(onAbort(call.givenUp, () => reads || giveUp()));
  // The last: where it has aborted already, everything is released at once, and what is listened to after that would be kept for as
  // long as the connection or the transport lives.
  releases.push(
    onAbort(signal, () => {
      release();
      endAborted(lease, signal, reads);
    }),
  );
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        next: async () => {
          reads = true;
          readsOn();
          try {
            const result = await iterator.next();
            if (!result.done) {
              lease.markAnswered();
              // One that read when the others were given up may break off later.
              if (call.givenUp.aborted) readsOn = systemTiming.after(UNREAD_MS, giveUp);
            } else {
              release();
              lease.finish("success");
            }
            return result;
          } catch (reason) {
            release();
            throw endFailed(call, reason);
          } finally {
            reads = false;
          }
        },
      };
    },
  };
}
