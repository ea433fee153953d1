import { AsyncResource } from "node:async_hooks";

/** The context of whoever loads this module, which `rollcall` does at its import: the program's own start, hence nobody's. */
class Outside extends AsyncResource {
  /** It keeps no program running: Jest asks every resource, and names those that cannot say so as handles left open. */
  hasRef(): boolean {
    return false;
  }
}

const outside = new Outside("rollcall");

/**
 * Runs work in no caller's context: what it starts (timers, sockets, loops) sees neither the AsyncLocalStorage values nor the
 * span of the call that happened to need it first. For everything that outlives its caller.
 */
export function detached<T>(work: () => T): T {
  return outside.runInAsyncScope(work);
}
