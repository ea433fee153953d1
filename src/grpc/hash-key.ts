import { AsyncLocalStorage } from "node:async_hooks";
import type { Metadata } from "@grpc/grpc-js";
import { refuse } from "../target/given.js";

/** Carries the key from where a call is started to where its instance is chosen, which takes it out again: never on the wire. */
const HEADER = "rollcall-hash-key-bin";

const storage = new AsyncLocalStorage<string | undefined>();

/**
 * Runs a function whose calls, through clients with `BalancerName: consistent_hash`, go to the instance of this key: equal keys
 * to the same instance, for Go clients (`zrpc.SetHashKey`) and Node clients alike. It comes before `HashKey.Metadata`.
 * @param key where it is "" or undefined, the calls have none and end with INVALID_ARGUMENT, unless their metadata has one.
 * @throws TypeError for a key that is no text: String(7) and "7" are the same key to Go, 7 is none.
 */
export function withHashKey<T>(key: string | undefined, run: () => T): T {
  if (key !== undefined && typeof key !== "string") refuse("the key of withHashKey", key, "text");
  return storage.run(key, run);
}

/** Notes the key of the code that starts a call. */
export function carryHashKey(metadata: Metadata): void {
  const key = storage.getStore();
  if (key) metadata.set(HEADER, Buffer.from(key));
}

/** The key of a call, else the first value of this header; undefined when there is none. What was carried is gone then. */
export function takeHashKey(metadata: Metadata, header: string): string | undefined {
  const [carried] = metadata.get(HEADER);
  if (carried) {
    metadata.remove(HEADER);
    return carried.toString();
  }
  const [value] = header ? metadata.get(header) : [];
  return value?.toString() || undefined;
}
