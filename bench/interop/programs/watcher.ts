// Watches many services, the counterpart of interop/cmd/gozero-watcher: `watcher.js 127.0.0.1:2379 watched 1000 watches`, or
// `clients` for a client each that has made a call. It prints a line when it knows them all, and for each line on standard
// input the heap in use. Needs --expose-gc.
import { createInterface } from "node:readline";
import { createClient } from "rollcall";
import { EtcdDiscovery } from "rollcall/etcd";
import { inParallel } from "../../registry/figures.js";
import { heldBytes } from "../../support/process-cost.js";
import { Echo, say } from "./echo.js";

/** How many calls are under way while clients connect, and how long they may take. */
const AT_A_TIME = 50;
const CALL_LIMIT_MS = 60_000;

const [etcd = "", prefix = "", services = "", how = ""] = process.argv.slice(2);
const names = Array.from({ length: Number(services) }, (_, i) => `${prefix}${i}.rpc`);
const kept = how === "clients" ? await callAll() : await watchAll();
console.log('{"ready":true}');

for await (const _ of createInterface(process.stdin)) {
  console.log(JSON.stringify({ heapBytes: heldBytes(), kept: kept.length }));
}
process.exit();

function watchAll() {
  const discovery = new EtcdDiscovery({ hosts: [etcd] });
  return Promise.all(names.map((name) => firstSet(discovery, name)));
}

/** Resolves with the first set, and goes on. */
function firstSet(discovery: EtcdDiscovery, name: string): Promise<number> {
  return new Promise((resolve) => {
    void (async () => {
      for await (const set of discovery.watch(name, { signal: new AbortController().signal })) resolve(set.length);
    })();
  });
}

async function callAll() {
  const clients = names.map((Key) => createClient(Echo, { Etcd: { Hosts: [etcd], Key }, Timeout: CALL_LIMIT_MS }));
  await inParallel(clients, AT_A_TIME, (client) => say(client));
  return clients;
}
