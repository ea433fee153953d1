// Prints the packages whose code rollcall/pool and rollcall/undici load, once they have found and called instances.
import { Session } from "node:inspector";

const session = new Session();
session.connect();
const packages = new Set();
session.on("Debugger.scriptParsed", ({ params: { url } }) => {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (name) packages.add(name);
});
session.post("Debugger.enable");
const { createPool } = await import("rollcall/pool");
const { rollcallInterceptor } = await import("rollcall/undici");
rollcallInterceptor("direct:///127.0.0.1:1");
for (const target of ["direct:///127.0.0.1:1", "dns:///localhost:1"]) {
  const pool = createPool(target, { connect: () => 1 });
  await pool.run(() => {});
  await pool.close();
}
// A registry that is away: its client is loaded all the same.
const away = createPool("etcd:///127.0.0.1:1?key=order", { connect: () => 1, waitMs: 500 });
await away.run(() => {}).catch(() => {});
console.log(JSON.stringify([...packages].sort()));
