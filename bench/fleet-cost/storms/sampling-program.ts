/** Counts an etcd's requests second by second, in a process of its own: the fleet's is too busy in a storm to look at the clock. */
import { setTimeout as pause } from "node:timers/promises";
import { requests } from "../etcd-cost.js";

const SAMPLE_MS = 200;
const metricsUrls = process.argv.slice(2);
const last = new Map<string, number>();
const samples: { readonly at: number; readonly count: number }[] = [];
let [count, most] = [0, 0];
let stopped = false;
process.on("message", () => {
  stopped = true;
});

while (!stopped) {
  for (const url of metricsUrls) {
    const now = await requests(url);
    if (Number.isNaN(now)) continue;
    const before = last.get(url) ?? now;
    count += now < before ? now : now - before; // one that was restarted begins at 0
    last.set(url, now);
  }
  const at = performance.now();
  samples.push({ at, count });
  while (at - samples[0]!.at > 1_100) samples.shift();
  const [first] = samples;
  most = Math.max(most, count - first!.count);
  if (samples.length === 2 && process.connected) process.send!("counting");
  await pause(SAMPLE_MS);
}
process.send!(most);
process.exit();
