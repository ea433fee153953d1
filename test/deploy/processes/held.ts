/** What a process holds on to, looked at after a garbage collection. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Held {
  readonly heapBytes: number;
  /** Connections and listening sockets, in and out. */
  readonly sockets: number;
}

/** What one collection finalises, the next one frees. */
const COLLECTIONS = 4;

export async function held(): Promise<Held> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < COLLECTIONS; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const sockets = process.getActiveResourcesInfo().filter((kind) => /^TCP/.test(kind)).length;
  return { heapBytes: process.memoryUsage().heapUsed, sockets };
}
