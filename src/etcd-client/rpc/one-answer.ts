import { onAbort } from "../../async/on-abort.js";
import type { CallHandlers, RpcCall } from "./call.js";
import { onSilence } from "./silence.js";
import { RpcError, Status } from "./status.js";

export interface Question<Req, Res> {
  readonly request: Req;
  start(handlers: CallHandlers<Res>): RpcCall<Req, Res>;
  /** `exchange`: on a stream that stays open until the answer is there, which counts at once. */
  readonly as: "unary" | "exchange";
  /** How long nothing may arrive of the answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Told when nothing has arrived for so long; the call has failed then. */
  late(failure: RpcError): void;
  /** Puts a failure into words for whoever asks. */
  describe(failure: RpcError): Error;
}

/**
 * Sends one request and resolves with the one answer.
 * @throws the failure of the call, described; the signal's reason when aborted; what start() throws.
 */
export function oneAnswer<Req, Res>(question: Question<Req, Res>): Promise<Res> {
  const { request, as, timeoutMs, signal } = question;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let answer: { readonly response: Res } | undefined;
    const call: RpcCall<Req, Res> = question.start({
      message: (response) => {
        answer = { response };
        if (as === "unary") return; // it counts with the status that follows
        resolve(response);
        call.endWrites();
      },
      end: (failure) => {
        stop();
        release();
        if (signal?.aborted) reject(signal.reason);
        else if (failure || !answer) reject(question.describe(failure ?? NO_ANSWER));
        else resolve(answer.response);
      },
    });
    const stop = onSilence(
      timeoutMs,
      () => call.heardBytes,
      () => {
        const failure = new RpcError(Status.DEADLINE_EXCEEDED, "no answer in time");
        call.cancel(failure);
        question.late(failure);
      },
    );
    const release = onAbort(signal, () => call.cancel());
    call.write(request);
    if (as === "unary") call.endWrites();
  });
}

const NO_ANSWER = new RpcError(Status.INTERNAL, "it did not answer");
