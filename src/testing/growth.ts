const SMALL = 4_000;
const TIMES = 16;
/** What takes less is taken for this, in milliseconds, because a clock and a busy machine say nothing of it. */
const LEAST_MS = 1;

/**
 * How many times as long something takes with text that is 16 times as long: at most 16 or so where it reads its text once,
 * 256 where each piece is held against all others.
 */
export function growthOf(run: (text: string) => unknown, pattern: string, tail = ""): number {
  const took = (length: number) => {
    const text = pattern.repeat(Math.ceil(length / pattern.length)) + tail;
    return Math.max(LEAST_MS, Math.min(...[1, 2, 3].map(() => timed(() => run(text)))));
  };
  return took(SMALL * TIMES) / took(SMALL);
}

function timed(run: () => unknown): number {
  const began = performance.now();
  run();
  return performance.now() - began;
}
