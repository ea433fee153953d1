import { sleep } from "../async/backoff.js";
import { RangeRequest } from "../proto/etcd.js";
import { EtcdError } from "./errors.js";
import { Status } from "./rpc/status.js";

/** A Range, because etcd 3.4 and 3.5 look at no token for Status. What the key holds is of no interest, nor whether it may be read. */
export const ANY_KEY = RangeRequest.create({ key: Buffer.from("rollcall"), countOnly: true, serializable: true });

/**
 * Whether a host looks at a token of an earlier session. A simple token is numbered by etcd's history, and etcd waits in silence
 * until it has come so far: for ever, where it was wiped or restored and set up with the same users. So where nothing answers
 * the token, but the same question without one is answered, it was the token.
 * @param ask asks for ANY_KEY, with the token or without.
 */
export async function isTokenAnswered(
  token: string,
  ask: (token: string | undefined, signal: AbortSignal) => Promise<unknown>,
  timeoutMs: number,
): Promise<boolean> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const answered = ask(token, signal).then(
      () => true,
      () => true,
    );
    if (await Promise.race([answered, sleep(timeoutMs / 3, signal, { unref: true })])) return true;
    const isNotTheToken = ask(undefined, signal).then(
      () => false,
      (error) => !isRefusal(error),
    );
    return await Promise.race([answered, isNotTheToken]);
  } finally {
    over.abort();
  }
}

/** Said by an etcd that answers, and will not without a token. */
function isRefusal(error: unknown): boolean {
  return error instanceof EtcdError && error.code !== Status.UNAVAILABLE && error.code !== Status.DEADLINE_EXCEEDED;
}
