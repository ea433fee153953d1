import { AsyncResource } from "node:async_hooks";

/** Made when Rollcall is imported, which programs do outside of any request. */
const nobody = new AsyncResource("RollcallBackground");

/**
 * Starts background work (streams, timers, watches) in the asynchronous context of nobody. What is shared by all of a
 * process would else live for ever in the AsyncLocalStorage store and the span of whoever happened to need it first.
 */
export function detached<T>(start: () => T): T {
  return nobody.runInAsyncScope(start);
}
