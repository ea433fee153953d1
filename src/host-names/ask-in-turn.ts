import { afterRead } from "../async/after-read.js";

/** When which server is asked, in milliseconds. */
export interface TurnPace {
  /** How long one server may be silent before the next is asked as well. */
  readonly nextServerMs: number;
  /** After how long silence is given up. */
  readonly giveUpMs: number;
}

/** Runs something once after some milliseconds, unless the returned function is called before. */
type After = (ms: number, run: () => void) => () => void;

/**
 * Asks servers for one thing until one of them answers. The next is asked when one fails or is silent, but whoever was asked
 * may still answer: a late answer is as good as an early one.
 * @param ask rejects when the server fails; its signal says that the answer is no longer wanted.
 * @throws AggregateError with the failures when every server has failed, or when silence is given up; else the signal's reason.
 */
export function askInTurn<T>(
  servers: readonly string[],
  ask: (server: string, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  pace: TurnPace,
  after: After = afterRead,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const done = new AbortController();
    const failures: unknown[] = [];
    let asked = 0;
    let open = 0;
    let cancelNext = () => {};

    const end = (settle: () => void) => {
      if (done.signal.aborted) return;
      cancelNext();
      cancelGivingUp();
      signal.removeEventListener("abort", abort);
      done.abort();
      settle();
    };
    const fail = () => end(() => reject(new AggregateError(failures, "no server answered")));
    const abort = () => end(() => reject(signal.reason));

    const askNext = () => {
      cancelNext();
      const server = servers[asked]!;
      asked += 1;
      open += 1;
      if (asked < servers.length) cancelNext = after(pace.nextServerMs, askNext);
      ask(server, done.signal).then(
        (answer) => end(() => resolve(answer)),
        (error) => {
          open -= 1;
          failures.push(error);
          if (done.signal.aborted) return;
          if (asked < servers.length) askNext();
          else if (open === 0) fail();
        },
      );
    };

    const cancelGivingUp = after(pace.giveUpMs, fail);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    else askNext();
  });
}
