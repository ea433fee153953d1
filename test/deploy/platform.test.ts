import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { endpoint, LEAVING, STARTING, slice } from "../kubernetes/pod.js";
import { dnsServerSkipReason, startDnsServer } from "../support/real-parts/dns-server.js";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";
import { until } from "../support/until.js";
import { Processes } from "./compiled.js";
import { addresses, Instance, Load } from "./fleet.js";
import { inWords, reasons } from "./in-words.js";

/**
 * It wraps up for longer than the TTL of the DNS records (1 s), or a client that goes by DNS would learn of it too late. It waits for
 * its calls for longer than they take on a machine that is busy elsewhere.
 */
const Shutdown = { WrapUpTime: 2_500, WaitTime: 50_000 };
const ROUNDS = Number(process.env.DEPLOY_PLATFORM_ROUNDS ?? 1);
const RATE = Number(process.env.DEPLOY_PLATFORM_RATE ?? 150);

const skip = dnsServerSkipReason();

/** Without health watches, so that nothing but DNS or the API server tells the clients who leaves. */
test("restarting every pod in turn loses no call through dns:/// or k8s://, health watches switched off", {
  skip,
}, async (t) => {
  const processes = new Processes();
  t.after(() => processes.end());
  const own = await addresses(4, 5);
  const hosts = own.map((address) => address.split(":")[0]!);
  const port = Number(own[0]!.split(":")[1]);

  const dns = await startDnsServer({ "order.test": hosts });
  t.after(() => dns.stop());
  const cluster = new KubeApiServer();
  await cluster.start();
  t.after(() => cluster.stop());
  const kubeconfig = writeKubeconfig(cluster);
  t.after(() => rmSync(kubeconfig.folder, { recursive: true }));

  const conditions: object[] = hosts.map(() => ({}));
  /** What the EndpointSlice controller and CoreDNS say of a pod; DNS leaves out who is not ready. */
  const say = async (i: number, condition: object) => {
    conditions[i] = condition;
    const endpoints = hosts.map((host, at) => endpoint(host, conditions[at]));
    cluster.apply(slice("order-1", endpoints, { ports: [{ name: "grpc", port, protocol: "TCP" }] }));
    await dns.set({ "order.test": hosts.filter((_, at) => !("ready" in conditions[at]!)) });
  };

  const instances = own.map((address) => new Instance(processes, address, { Shutdown }));
  await Promise.all(instances.map((instance) => instance.start()));
  await say(0, {});

  const load = (Target: string) =>
    new Load(processes, { client: { rollcall: { Target, HealthCheck: false } }, rate: RATE, handlerMs: 10 });
  const loads = {
    dns: load(`dns://${dns.address}/order.test:${port}`),
    k8s: load(`k8s://shop/order:grpc?kubeconfig=${encodeURIComponent(kubeconfig.file)}`),
  };
  for (const each of Object.values(loads)) {
    await until(async () => Object.keys((await each.report()).answered).length === own.length, "all pods are called");
  }

  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, instance] of instances.entries()) {
      // Nobody orders the two: the signal and the news of it go out at the same time.
      const [status] = await Promise.all([instance.terminate(), say(i, LEAVING)]);
      assert.equal(status, 0);
      await say(i, STARTING);
      await instance.start();
      const counts = async () =>
        Promise.all(Object.values(loads).map(async (each) => (await each.report()).answered[instance.name]!.calls));
      const before = await counts();
      await say(i, {});
      await until(async () => (await counts()).every((count, at) => count > before[at]!), "it is called again");
    }
  }

  const reports = Object.entries(loads).map(async ([name, each]) => [name, await each.end()] as const);
  const ended = await Promise.all(reports);
  await Promise.all(instances.map((instance) => instance.terminate()));
  for (const [name, report] of ended) t.diagnostic(`${name}: ${ROUNDS * own.length} restarts, ${inWords(report)}`);
  for (const [name, { failures, total }] of ended) {
    assert.equal(reasons(failures), "", `through ${name}`);
    assert.ok(total > 500, `${name}: ${total} calls`);
  }
});

function writeKubeconfig(cluster: KubeApiServer): { file: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-platform-"));
  const file = join(folder, "config");
  const authority = Buffer.from(cluster.certificate.cert).toString("base64");
  // JSON is YAML.
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "shop",
    clusters: [{ name: "test", cluster: { server: cluster.url, "certificate-authority-data": authority } }],
    users: [{ name: "reader", user: { token: "reader" } }],
    contexts: [{ name: "shop", context: { cluster: "test", user: "reader", namespace: "shop" } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return { file, folder };
}
