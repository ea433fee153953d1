// Tells its parent when each call is due. A thread can wait to a tenth of a millisecond; a timer of an event loop is up to one
// late, which makes bunches of calls that were due one after the other. Plain JavaScript, because loaders of TypeScript do not
// reach into a thread on Node 20.
import { parentPort, workerData } from "node:worker_threads";

/** @type {{ times: Float64Array, began: number }} milliseconds from the begin, and when that is by the time of day. */
const { times, began } = workerData;
const never = new Int32Array(new SharedArrayBuffer(4));
for (const [index, at] of times.entries()) {
  const wait = began + at - performance.timeOrigin - performance.now();
  if (wait > 0) Atomics.wait(never, 0, 0, wait);
  parentPort.postMessage(index);
}
