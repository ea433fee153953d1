/**
 * Registers an instance: `registering-program.ts <etcd host> <service> <address> <ttl seconds>`. Prints what happens to it;
 * on the line "stall <ms>" it blocks its event loop, on "end" it deregisters and then has nothing left to do.
 */
import { createInterface } from "node:readline";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";

const [host, service, address, ttl] = process.argv.slice(2) as [string, string, string, string];
const registrar = new EtcdRegistrar({ hosts: [host], ttlSeconds: Number(ttl) });
const registration = await registrar.register(service, { address });
registration.on("lost", () => console.log("lost"));
registration.on("restored", () => console.log("restored"));
console.log(registration.listed ? "registered" : "waiting");

const input = createInterface(process.stdin);
input.on("line", async (line) => {
  const [command, ms] = line.split(" ");
  if (command === "stall") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
  if (command !== "end") return;
  await registration.deregister();
  console.log("deregistered");
  input.close();
  process.stdin.unref();
});
