/** Who is to be called when a signal aborts. One listener stands on the signal itself, however many wait for it. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal aborts, at once if it has aborted; the returned function lets go of the signal, which may
 * live much longer. Any number of callbacks on one signal raise no MaxListenersExceededWarning.
 */
export function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    call();
    return () => {};
  }
  const calls = waiting.get(signal) ?? listen(signal);
  const own = () => call(); // the same function may be given twice
  calls.add(own);
  return () => {
    calls.delete(own);
    if (calls.size === 0 && waiting.get(signal) === calls) {
      waiting.delete(signal);
      signal.removeEventListener("abort", fire);
    }
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const calls = new Set<() => void>();
  waiting.set(signal, calls);
  signal.addEventListener("abort", fire, { once: true });
  return calls;
}

function fire(this: unknown, { target }: Event): void {
  const signal = target as AbortSignal;
  const calls = waiting.get(signal) ?? [];
  waiting.delete(signal);
  for (const call of calls) call();
}
