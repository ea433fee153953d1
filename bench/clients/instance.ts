/**
 * One instance of the fleet, in a process of its own: `instance.ts <kind> <key> <ms a call takes>`, the registry in $ETCD. Prints
 * `listed` once it is; SIGTERM drains and ends it.
 */
import type { Served } from "./servers/served.js";

/** How a server of each kind is made. */
const KINDS: Record<string, () => Promise<{ serve: (served: Served) => Promise<void> }>> = {
  createServer: () => import("./servers/create-server.js"),
  "grpc-js": () => import("./servers/grpc-js.js"),
  "nice-grpc": () => import("./servers/nice-grpc.js"),
  Connect: () => import("./servers/connect.js"),
  "node:http": () => import("./servers/http.js"),
  NestJS: () => import("./servers/nestjs.js"),
};

const [kind = "", key = "", ms = "0"] = process.argv.slice(2);
const load = KINDS[kind];
if (!load) throw new Error(`no kind of server ${kind}; there are ${Object.keys(KINDS).join(", ")}`);
const etcd = process.env.ETCD!;
const find = async ({ id }: { id: string }) => {
  await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  return { id, servedBy: String(process.pid) };
};
await (await load()).serve({ etcd, key, url: `etcd:///${etcd}?key=${key}`, find });
console.log("listed");
// It does not outlive who started it.
process.stdin.resume().once("end", () => process.exit());
