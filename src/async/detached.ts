import { AsyncLocalStorage } from "node:async_hooks";

/** The context of whoever loads this module, which `rollcall` does at its import: the program's own start, hence nobody's. */
const outside = AsyncLocalStorage.snapshot();

/**
 * Runs work in no caller's context: what it starts (timers, sockets, loops) sees neither the AsyncLocalStorage values nor the
 * span of the call that happened to need it first. For everything that outlives its caller.
 */
export function detached<T>(work: () => T): T {
  return outside(work);
}
