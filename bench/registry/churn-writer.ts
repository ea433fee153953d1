/**
 * Joins and leaves, each a write of its own: `churn-writer.ts <endpoint> <per second> <seconds>`. Tells its parent when it
 * begins, and what etcd lists in the end.
 */
import { setTimeout as pause } from "node:timers/promises";
import { BareEtcd } from "./bare.js";
import { since } from "./figures.js";

const [endpoint = "", perSecond, seconds] = process.argv.slice(2);
const bare = new BareEtcd(endpoint);
const listed: string[] = [];
const running = new Set<Promise<unknown>>();
const addressOf = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}:80`;
/** Writes under way at a time. The youngest so many do not leave: a leave must not overtake its join. */
const MOST_RUNNING = 500;
let joins = 0;
let changes = 0;

/** Joins until there are a thousand instances, then a join and a leave in turn. No key is written twice. */
function change(): Promise<unknown> {
  changes += 1;
  if (listed.length < 1_000) {
    const address = addressOf(joins++);
    listed.push(address);
    return bare.put(`churn.rpc/${address}`, address);
  }
  const [leaving] = listed.splice(Math.floor(Math.random() * (listed.length - MOST_RUNNING)), 1);
  return bare.delete(`churn.rpc/${leaving}`);
}

for (let i = 0; i < 1_000; i++) await change();
process.send!("begun");
changes = 0;
const began = performance.now();
while (since(began) < Number(seconds) * 1_000) {
  while (changes < (since(began) * Number(perSecond)) / 1_000 && running.size < MOST_RUNNING) {
    const done = change().finally(() => running.delete(done));
    running.add(done);
  }
  await pause(2);
}
await Promise.all(running);
const tookMs = since(began);
const addresses = (await bare.range("churn.rpc")).kvs.map(({ value }) => value.toString());
process.send!({ changes, addresses, tookMs });
bare.close();
process.disconnect();
