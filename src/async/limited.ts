/** The same function, of which at most `limit` calls are under way at a time; further ones wait their turn. */
export function atMost<A extends unknown[], R>(limit: number, run: (...args: A) => Promise<R>): typeof run {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (...args) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run(...args);
    } finally {
      // A place is handed on, not freed, so that nobody can jump the queue.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
