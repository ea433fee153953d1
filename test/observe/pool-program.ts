// A process that has pools alone and no gRPC: it makes an exchange, and a minute passes.
import { mock } from "node:test";
import { createPool } from "../../src/pool/index.js";

mock.timers.enable({ apis: ["setInterval"] });
const pool = createPool("direct:///127.0.0.1:1", { connect: () => 1 });
await pool.run((one) => one);
mock.timers.tick(60_000);
console.log("called");
process.stdin.resume();
