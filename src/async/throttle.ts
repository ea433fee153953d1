import { onAbort } from "./on-abort.js";
import { callListener } from "./supervise.js";
import { systemTiming, type Timing } from "./timing.js";

/** Share of the event loop's time that the work may take, as the wait between runs in multiples of a run. */
const REST_PER_RUN = 4;

/**
 * Runs work soon after it is asked for, once however often that was, and seldom enough that it takes at most a fifth of the
 * time: a small set is published at once, the thousandth change of a large one waits a few milliseconds.
 */
export class Throttle {
  readonly #work: () => void;
  #asked = false;
  #closed = false;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(work: () => void) {
    this.#work = work;
  }

  ask(): void {
    if (this.#asked || this.#closed) return;
    this.#asked = true;
    if (!this.#timer) this.#immediate = setImmediate(() => this.#run());
  }

  close(): void {
    this.#closed = true;
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#asked = false;
    const before = performance.now();
    callListener("work that is done now and then", this.#work);
    const restMs = (performance.now() - before) * REST_PER_RUN;
    if (restMs < 1 || this.#closed) return;
    // As background work: it holds no process.
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#asked) this.#run();
    }, restMs).unref();
  }
}

/**
 * Values for a reader whose work on each takes at most a fifth of the time in all: after work that took long it is given the next one
 * later. What comes meanwhile is for the source to coalesce, as Latest does.
 */
export async function* throttled<T>(
  values: AsyncIterable<T>,
  signal: AbortSignal,
  timing: Pick<Timing, "now" | "after"> = systemTiming,
): AsyncGenerator<T, void> {
  for await (const value of values) {
    const before = timing.now();
    yield value;
    const restMs = (timing.now() - before) * REST_PER_RUN;
    if (restMs >= 1) await rest(restMs, signal, timing);
  }
}

function rest(ms: number, signal: AbortSignal, timing: Pick<Timing, "after">): Promise<void> {
  return new Promise((resolve) => {
    const stopTimer = timing.after(ms, () => {
      release();
      resolve();
    });
    const release = onAbort(signal, () => {
      stopTimer();
      resolve();
    });
  });
}
