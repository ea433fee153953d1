/**
 * A client process: `presence-program.ts <host> <close|leave> <service>...` has a client of each service, all with Presence, and
 * prints "present" once its presence had time to be written. Then it closes them, or leaves them to the end of the process.
 */
import { createChannel } from "../../src/index.js";

const [host = "", what, ...services] = process.argv.slice(2);
const channels = services.map((Key) => createChannel({ Etcd: { Hosts: [host], Key }, Presence: true }));
// A client's own work, after which it has nothing left that keeps a process alive.
await new Promise((resolve) => setTimeout(resolve, 1_500));
console.log("present");
if (what === "close") for (const channel of channels) channel.close();
