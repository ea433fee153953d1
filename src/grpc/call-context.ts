import { AsyncLocalStorage } from "node:async_hooks";

/** What an incoming call hands down to the work it causes. */
export interface CallContext {
  /** When the incoming call must have ended, in milliseconds since the epoch as the clock is set now; Infinity for never. */
  readonly deadline: number;
}

const storage = new AsyncLocalStorage<CallContext>();

/** @param until when the call must have ended, in milliseconds of performance.now: somebody may set the other clock while it runs. */
export function callUntil(until: number): CallContext {
  return {
    get deadline() {
      return Math.floor(Date.now() + until - performance.now());
    },
  };
}

/** Runs a handler so that the calls it makes through Rollcall's channels know the call they serve. */
export function runInCall<T>(context: CallContext, run: () => T): T {
  return storage.run(context, run);
}

/** The incoming call that the current code serves, if any. */
export function currentCall(): CallContext | undefined {
  return storage.getStore();
}
