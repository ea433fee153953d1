/**
 * Works with etcd in the background and has nothing else to do: `unheld-program.ts <host> <watch|list|register>`. What it prints
 * last is "idle"; whether the process ends then is what the test looks at.
 */
import { EtcdDiscovery, EtcdRegistrar, listRegistrations } from "../../src/backends/etcd/index.js";

const [host = "", what] = process.argv.slice(2);
const hosts = [host];

if (what === "watch") {
  const { signal } = new AbortController();
  const watch = new EtcdDiscovery({ hosts }).watch("order.rpc", { signal, background: true });
  void (async () => {
    for await (const set of watch) console.log("set", set.length);
  })();
  // A client's own work, after which its watch is all that is left.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
}
if (what === "list") {
  try {
    console.log("listed", (await listRegistrations({ hosts })).registrations.length);
  } catch {
    console.log("not listed");
  }
}
if (what === "register") {
  const registration = await new EtcdRegistrar({ hosts }).register("order.rpc", { address: "10.0.0.1:80" });
  console.log("registered", registration.listed);
  await registration.deregister();
}
console.log("idle");
