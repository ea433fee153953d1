/** A function that does its work once, whoever asks and however often; what fails is done again when it is next asked for. */
export function memoised<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    if (!done) {
      done = work();
      done.catch(() => {
        done = undefined;
      });
    }
    return done;
  };
}
