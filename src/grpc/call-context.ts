import { AsyncLocalStorage } from "node:async_hooks";

/** What an incoming call hands down to the work it causes. */
export interface CallContext {
  /** When the incoming call must have ended, in milliseconds since the epoch; Infinity for never. */
  readonly deadline: number;
}

const storage = new AsyncLocalStorage<CallContext>();

/** Runs a handler so that the calls it makes through Rollcall's channels know the call they serve. */
export function runInCall<T>(context: CallContext, run: () => T): T {
  return storage.run(context, run);
}

/** The incoming call that the current code serves, if any. */
export function currentCall(): CallContext | undefined {
  return storage.getStore();
}
