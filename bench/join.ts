/**
 * How soon after its key is written a new instance gets its first call, beside the delay of a bare etcd watch in the same
 * run. `npm run bench:join [joins]`; needs etcd.
 */
import * as grpc from "@grpc/grpc-js";
import { createClient, setLogLevel } from "../src/index.js";
import { DeleteRangeRequest, PutRequest, WatchCreateRequest } from "../src/proto/etcd.js";
import { KVClient, WatchClient } from "../src/proto/etcd-services.js";
import { EchoClient, say, startBareEcho } from "../test/support/echo.js";
import { startEtcd } from "../test/support/real-parts/etcd.js";

const KEY = "join.rpc";
const joins = Number(process.argv[2] ?? 100);
setLogLevel("warn");

const etcd = await startEtcd();
const insecure = grpc.credentials.createInsecure();
const kv = new KVClient(etcd.endpoint, insecure);
const put = (id: number, address: string) =>
  new Promise((resolve, reject) =>
    kv.put(PutRequest.fromPartial({ key: Buffer.from(`${KEY}/${id}`), value: Buffer.from(address) }), (error, reply) =>
      error ? reject(error) : resolve(reply),
    ),
  );
const remove = (id: number) =>
  new Promise((resolve, reject) =>
    kv.deleteRange(DeleteRangeRequest.fromPartial({ key: Buffer.from(`${KEY}/${id}`) }), (error, reply) =>
      error ? reject(error) : resolve(reply),
    ),
  );

const watcher = new WatchClient(etcd.endpoint, insecure);
const stream = watcher.watch();
let onEvent = (_address: string) => {};
stream.on("data", ({ events }) => {
  for (const { kv: changed } of events) onEvent(String(changed?.value));
});
stream.on("error", () => {});
stream.write({
  requestUnion: {
    $case: "createRequest",
    value: WatchCreateRequest.fromPartial({ key: Buffer.from(`${KEY}/`), rangeEnd: Buffer.from(`${KEY}0`) }),
  },
});

const servers = await Promise.all([startBareEcho(), startBareEcho(), startBareEcho()]);
await put(1, servers[0]!.address);
await put(2, servers[1]!.address);
const client = createClient(EchoClient, { Etcd: { Hosts: [etcd.endpoint], Key: KEY } });
for (let i = 0; i < 500; i++) await say(client);

const watched: number[] = [];
const called: number[] = [];
for (let join = 0; join < joins; join++) {
  const { address, stop } = await startBareEcho();
  const began = performance.now();
  const seen = new Promise<number>((resolve) => {
    onEvent = (value) => value === address && resolve(performance.now() - began);
  });
  await Promise.all([
    put(100 + join, address),
    seen.then((ms) => watched.push(ms)),
    (async () => {
      while ((await say(client)).instance !== address);
      called.push(performance.now() - began);
    })(),
  ]);
  await remove(100 + join);
  for (let i = 0; i < 50; i++) await say(client).catch(() => {});
  stop();
}

const at = (values: number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;
const line = (name: string, values: number[]) =>
  console.log(
    `${name.padEnd(34)} median ${at(values, 0.5).toFixed(1)} ms   p99 ${at(values, 0.99).toFixed(1)} ms   (${values.length} joins)`,
  );
line("bare etcd watch sees the key after", watched);
line("first call to the instance after", called);
console.log(`ratio of the medians: ${(at(called, 0.5) / at(watched, 0.5)).toFixed(2)}`);

client.close();
stream.cancel();
watcher.close();
kv.close();
for (const { stop } of servers) stop();
await etcd.stop();
