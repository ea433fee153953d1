import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { onAbort } from "../async/on-abort.js";
import type { PoolLease } from "../pool/lease.js";
import type { Call } from "./call.js";
import { endAborted, endFailed } from "./outcome.js";

/**
 * The answers of a call, which tell its lease how it goes. That a reader breaks off never reaches a transport, so the
 * signal and the deadline end the lease too; headers that nobody reads on after say nothing of the instance.
 */
export function observedAnswers<M extends MessageShape<DescMessage>>(
  answers: AsyncIterable<M>,
  lease: Pick<PoolLease<unknown>, "markAnswered" | "finish">,
  call: Call,
): AsyncIterable<M> {
  const release = onAbort(call.signal, () => endAborted(lease, call.signal));
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        next: async () => {
          try {
            const result = await iterator.next();
            if (!result.done) lease.markAnswered();
            else {
              release();
              lease.finish("success");
            }
            return result;
          } catch (reason) {
            release();
            throw endFailed({ lease, ...call }, reason);
          }
        },
      };
    },
  };
}
