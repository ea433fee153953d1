import assert from "node:assert/strict";
import { test } from "node:test";
import { etcdSkipReason, startEtcd } from "../etcd.js";
import { kubeApiserverSkipReason, startKubeApiserver } from "./apiserver.js";

const skip = kubeApiserverSkipReason() || etcdSkipReason();
const slices = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";

test("a real API server keeps what it stored over a kill, and refuses whom no role allows", { skip }, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.stop());
  const api = await startKubeApiserver(etcd.endpoint, { "a-token": { name: "nobody" } });
  t.after(() => api.stop());

  await api.call("POST", "/api/v1/namespaces", { metadata: { name: "shop" } });
  await api.call("PATCH", `${slices}/order-1?fieldManager=test`, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "order-1", labels: { "kubernetes.io/service-name": "order" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "grpc", port: 8080 }],
  });
  await assert.rejects(api.call("GET", slices, undefined, "a-token"), /403/);
  await assert.rejects(api.call("GET", slices, undefined, "no-token"), /401/);

  await api.kill();
  await assert.rejects(api.call("GET", slices), { code: "ECONNREFUSED" });
  await api.restart();
  const { items } = (await api.call("GET", slices)) as { items: { metadata: { name: string } }[] };
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ["order-1"],
  );
});
