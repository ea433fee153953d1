/** The longest interval Node knows; what matters is that the timer exists. */
const LONG_MS = 2 ** 31 - 1;

/**
 * Keeps the process alive until the returned function is called. Everything else in the background holds no process, so
 * whoever waits for background work says so by this.
 */
export function hold(): () => void {
  const timer = setInterval(() => {}, LONG_MS);
  return () => clearInterval(timer);
}

/** The same for a watch, unless whoever reads it says that it runs in the background (`WatchOptions`). */
export function holdUnless(background = false): () => void {
  return background ? () => {} : hold();
}

/** The promise; until it is settled the process stays alive. */
export async function holding<T>(work: Promise<T>): Promise<T> {
  const release = hold();
  try {
    return await work;
  } finally {
    release();
  }
}
