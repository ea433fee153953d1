import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { hold } from "../../src/async/hold.js";
import { Latest } from "../../src/async/latest.js";
import type { ResolvedInstance } from "../../src/discovery/resolved-instance.js";
import { fileNameOf, writeSnapshot } from "../../src/discovery/snapshot-file.js";
import { Snapshots } from "../../src/discovery/snapshots.js";
import { TargetDiscovery } from "../../src/discovery/target-discovery.js";
import { type Instance, registerBackend, setLogLevel } from "../../src/index.js";
import { parseTargetUrl } from "../../src/target/parse.js";
import { freePort } from "../support/network/ports.js";

const dir = mkdtempSync(join(tmpdir(), "rollcall-backends-"));
setLogLevel("silent");
const release = hold(); // a discovery holds no process
after(() => {
  release();
  rmSync(dir, { recursive: true, force: true });
});

const port = await freePort(); // nobody listens there
const kubeconfig = join(dir, "kubeconfig");
writeFileSync(
  kubeconfig,
  JSON.stringify({
    "current-context": "dead",
    clusters: [{ name: "dead", cluster: { server: `https://127.0.0.1:${port}` } }],
    users: [{ name: "somebody", user: { token: "secret" } }],
    contexts: [{ name: "dead", context: { cluster: "dead", user: "somebody", namespace: "shop" } }],
  }),
);
// A plug-in's registry that does not answer.
registerBackend("silent", {
  discovery: () => ({ watch: (_, { signal }) => new Latest<readonly Instance[]>(signal) }),
});

const targets = {
  etcd: `etcd:///127.0.0.1:${port}?key=order.rpc`,
  Kubernetes: `k8s://shop/order:8080?kubeconfig=${encodeURIComponent(kubeconfig)}`,
  DNS: `dns://127.0.0.1:${port}/order.internal:8080`,
  "a plug-in": `silent:///127.0.0.1:${port}?key=order.rpc`,
};

for (const [backend, url] of Object.entries(targets)) {
  test(`a cold start without ${backend} begins with the snapshot, whose age is told`, async () => {
    const target = parseTargetUrl(url);
    const addresses = ["10.0.0.1:80", "10.0.0.2:80"];
    const instances = addresses.map((address) => ({
      instance: { address },
      addresses: [{ host: address.split(":")[0]!, port: 80 }],
    }));
    const snapshots = new Snapshots({ dir });
    const at = Date.now() - 60_000;
    writeFileSync(join(dir, fileNameOf(target)), writeSnapshot(target, { instances, at }), { mode: 0o600 });

    let discovery: TargetDiscovery | undefined;
    const set = await new Promise<readonly ResolvedInstance[]>((resolve, reject) => {
      discovery = new TargetDiscovery(target, { onSet: resolve, onFailure: reject, lastKnown: snapshots });
      discovery.start();
    });
    assert.deepEqual(
      set.map(({ instance, unconfirmed }) => [instance.address, unconfirmed]),
      addresses.map((address) => [address, true]),
    );
    const ageMs = performance.now() - discovery!.status.answeredAt;
    assert.ok(ageMs >= 60_000, `told as ${ageMs} ms old`);
    assert.match(discovery!.status.explain()!, /listed last \(from a snapshot\)/);
    discovery!.stop();
  });
}
