// The main thread and two workers, each with a Rollcall of its own.
import { once } from "node:events";
import { isMainThread, Worker } from "node:worker_threads";

await import("./esm.mjs");
if (isMainThread) {
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url)));
  for (const [code] of await Promise.all(workers.map((worker) => once(worker, "exit")))) process.exitCode ||= code;
}
