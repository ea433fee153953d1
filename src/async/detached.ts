import { AsyncResource } from "node:async_hooks";

/** The context of whoever loads this module, which `rollcall` does at its import: the program's own start, hence nobody's. */
const outside = new AsyncResource("rollcall", { requireManualDestroy: true });

// It is nothing that is open. Who follows what is (Jest's --detectOpenHandles) would name it, and for as long as it counts as
// there also what is begun in it and forgotten by garbage collection only, as the requests of node:http2 are.
outside.emitDestroy();

/**
 * Runs work in no caller's context: what it starts (timers, sockets, loops) sees neither the AsyncLocalStorage values nor the
 * span of the call that happened to need it first. For everything that outlives its caller.
 */
export function detached<T>(work: () => T): T {
  return outside.runInAsyncScope(work);
}
