// Pools that nobody closes: one whose registry is away, one that is connecting, one that is up.
import { createPool } from "../../src/pool/index.js";

createPool("etcd:///127.0.0.1:1?key=order", { connect: () => 1 });
createPool("direct:///127.0.0.1:1", { connect: () => new Promise<number>(() => {}) });
const up = createPool("direct:///127.0.0.1:1", { connect: () => 1 });
console.log(await up.run((one) => one));
