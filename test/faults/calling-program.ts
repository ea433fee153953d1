/**
 * Calls a service without pause and tells its parent how each call went: `calling-program.ts <etcd host> <key>`.
 * A message to it is a number of hours by which its clock shall be off from now on.
 */
import { setOwnClock } from "../support/clock.js";
import { CallsUnderFire } from "./under-fire.js";

const [host = "", key = ""] = process.argv.slice(2);
const calls = new CallsUnderFire({ hosts: [host], key });
calls.traffic.on("call", (outcome) => process.send!({ ...outcome, clock: Date.now() }));
process.on("message", (hours: number) => setOwnClock(hours));
process.once("disconnect", () => process.exit());
