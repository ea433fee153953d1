/** An instance that is listed, takes connections and never says a word: `black-hole.ts <registry> <key> <address>`. */
import { createServer } from "node:net";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { parseAddress } from "../../src/index.js";

const [registry, key, address] = process.argv.slice(2) as [string, string, string];
const { host, port } = parseAddress(address);
await new Promise<void>((resolve) => {
  createServer((socket) => socket.on("error", () => {}).resume()).listen(port, host, resolve);
});
await new EtcdRegistrar({ hosts: [registry] }).register(key, { address });
console.log("up");
