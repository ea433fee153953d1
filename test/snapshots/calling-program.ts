// A client process: calls order.rpc in the etcd given, and prints what became of its calls, as JSON.
// `calling-program.ts <etcd> <snapshot folder> <calls>`
import { createClient } from "../../src/index.js";
import { EchoClient } from "../support/echo.js";

const [etcd = "", dir = "", calls = "20"] = process.argv.slice(2);
const began = performance.now();
const client = createClient(EchoClient, { Etcd: { Hosts: [etcd], Key: "order.rpc" }, Snapshot: { Dir: dir } });
const instances: Record<string, number> = {};
const failed: string[] = [];
let firstAnswerMs: number | undefined;

for (let i = 0; i < Number(calls); i++) {
  await new Promise<void>((resolve) => {
    client.say({}, {}, (error, reply) => {
      firstAnswerMs ??= error ? undefined : performance.now() - began;
      if (error) failed.push(error.message);
      else instances[reply!.instance] = (instances[reply!.instance] ?? 0) + 1;
      resolve();
    });
  });
}
// The set is on disk a moment after it is known; a process that ends at once must have waited for that.
await new Promise((resolve) => setTimeout(resolve, 300));
console.log(JSON.stringify({ failed, instances, firstAnswerMs }));
client.close();
