/**
 * Does nothing but read a watch: `reading-program.ts <url> <background|foreground>`, a pod's service account in $ACCOUNT. In the
 * foreground the watch is ended by a timer that holds no process, so that nothing but the watch can keep it alive until then.
 */
import { registerBuiltInBackends } from "../../src/backends/index.js";
import { createKubernetesBackend } from "../../src/backends/kubernetes/index.js";
import { discoveryOf, registerBackend } from "../../src/backends/table.js";
import { parseTargetUrl } from "../../src/target/parse.js";

const [url = "", where] = process.argv.slice(2);
registerBuiltInBackends();
registerBackend("k8s", createKubernetesBackend({ serviceAccount: process.env.ACCOUNT! }));
const background = where === "background";

const { discovery, target } = await discoveryOf(parseTargetUrl(url));
const abort = new AbortController();
async function read(): Promise<void> {
  for await (const set of discovery.watch(target.service, { signal: abort.signal, background })) {
    console.log(`set ${set.length}`);
    if (!background) setTimeout(() => abort.abort(), 500).unref();
    else idle();
  }
  console.log("aborted");
}

let idle = () => {};
if (background) {
  // A client's own work, after which its watch is all that is left.
  const limit = setTimeout(() => {}, 5_000);
  idle = () => clearTimeout(limit);
  void read();
} else await read();
