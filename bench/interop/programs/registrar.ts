// Lists and unlists instances as it is told on standard input, the counterpart of interop/cmd/gozero-registrar:
// `registrar.js 127.0.0.1:2379 order.rpc`, then lines `register host:port` and `deregister host:port`.
import { createInterface } from "node:readline";
import { type RegisteredInstance, registerInstance } from "rollcall";

const [etcd, key] = process.argv.slice(2);
const url = `etcd:///${etcd}?key=${key}`;
// The process is connected before it is told anything, and stays so.
await registerInstance(`${url}.standing`, { address: "127.0.0.1:1" });
console.log('{"ready":true}');

const listed = new Map<string, Promise<RegisteredInstance>>();
for await (const line of createInterface(process.stdin)) {
  const [what, address = ""] = line.split(" ");
  if (what === "register") {
    listed.set(address, registerInstance(url, { address }, { drainMs: 0 }));
  } else {
    const instance = listed.get(address);
    if (what !== "deregister" || !instance) throw new Error(`"${line}": want register or deregister host:port`);
    listed.delete(address);
    await (await instance).stop();
  }
}
process.exit();
