import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { registerBuiltInBackends } from "../../src/backends/index.js";
import { parseServiceName } from "../../src/backends/kubernetes/target.js";
import { rpcClientConfig } from "../../src/config/schema/rpc-client-config.js";
import { rpcServerConfig } from "../../src/config/schema/rpc-server-config.js";
import { parseTargetUrl } from "../../src/target/parse.js";
import { exampleManifests } from "./example-manifests.js";
import { type Kind, type Manifest, manifest } from "./manifest-schema.js";

registerBuiltInBackends();

const manifests = exampleManifests();

function all<K extends Kind>(kind: K): Extract<Manifest, { kind: K }>[] {
  return manifests.filter((one): one is Extract<Manifest, { kind: K }> => one.kind === kind);
}

function named<K extends Kind>(kind: K, name: string): Extract<Manifest, { kind: K }> {
  const found = all(kind).find(({ metadata }) => metadata.name === name);
  assert.ok(found, `there is no ${kind} ${name}`);
  return found;
}

const workloads = [...all("Deployment"), ...all("StatefulSet")];
const servers = workloads.filter(({ spec }) => spec.template.spec.containers[0].ports);

test("the examples hold what they promise: two servers, a client, and each kind of probe", () => {
  assert.deepEqual(
    workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ["Deployment cart", "Deployment order", "StatefulSet stock"],
  );
  const readiness = servers.map(({ spec }) => Object.keys(spec.template.spec.containers[0].readinessProbe ?? {})[0]);
  assert.deepEqual(readiness, ["grpc", "exec"]);
});

test("a misspelt field would be refused", () => {
  const [deployment] = all("Deployment");
  assert.ok(!manifest.safeParse({ ...deployment, spec: { ...deployment?.spec, replica: 3 } }).success);
});

test("what refers to something else in the examples finds it", () => {
  for (const { spec } of workloads) {
    const { template, selector } = spec;
    assert.deepEqual(template.metadata.labels, selector.matchLabels);
    for (const { configMap, name } of template.spec.volumes) {
      named("ConfigMap", configMap.name);
      assert.ok(template.spec.containers[0].volumeMounts.some((mount) => mount.name === name));
    }
    if (template.spec.serviceAccountName) named("ServiceAccount", template.spec.serviceAccountName);
  }
  for (const { metadata, spec } of all("Service")) {
    const behind = servers.filter(({ spec: { template } }) => template.metadata.labels.app === spec.selector.app);
    assert.equal(behind.length, 1, metadata.name);
    const [container] = behind[0]!.spec.template.spec.containers;
    for (const { targetPort } of spec.ports) assert.ok(container.ports?.some(({ name }) => name === targetPort));
  }
  for (const { spec } of all("StatefulSet")) named("Service", spec.serviceName);
  for (const { spec } of all("PodDisruptionBudget")) named("Deployment", spec.selector.matchLabels.app ?? "");
  for (const { roleRef, subjects } of all("RoleBinding")) {
    named("Role", roleRef.name);
    for (const { name } of subjects) named("ServiceAccount", name);
  }
});

test("a server that was asked to stop has stopped before the kubelet kills it", () => {
  for (const { metadata, spec } of servers) {
    const { Shutdown, ListenOn } = serverConfig(metadata.name);
    const graceMs = (spec.template.spec.terminationGracePeriodSeconds ?? 30) * 1_000;
    assert.ok(Shutdown.WaitTime + 2_000 <= graceMs, `${metadata.name}: ${Shutdown.WaitTime} ms of ${graceMs} ms`);
    // What clients need to notice: CoreDNS' records of 5 s, or the event of a watch.
    assert.ok(Shutdown.WrapUpTime >= 5_000);
    const [{ ports, readinessProbe }] = spec.template.spec.containers;
    assert.equal(ListenOn, `0.0.0.0:${ports?.[0]?.containerPort}`);
    assert.ok([undefined, ports?.[0]?.containerPort].includes(readinessProbe?.grpc?.port));
  }
});

test("the client may do what k8s:// needs and nothing else, and what it calls is there", () => {
  assert.deepEqual(
    all("Role").flatMap(({ rules }) => rules),
    [{ apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] }],
  );
  const { OrderRpc } = z.object({ OrderRpc: rpcClientConfig }).parse(configOf("cart"));
  const target = parseTargetUrl(OrderRpc.Target ?? "");
  assert.equal(target.scheme, "k8s");
  const { service, port } = parseServiceName(target.service);
  assert.ok(named("Service", service).spec.ports.some(({ name }) => name === port));
});

test("only the client's pods get a token", () => {
  for (const { metadata, spec } of workloads) {
    assert.equal(spec.template.spec.automountServiceAccountToken, metadata.name === "cart");
  }
});

/** The file that a ConfigMap mounts, read. */
function configOf(name: string): unknown {
  const text = named("ConfigMap", name).data[`${name}.yaml`];
  assert.ok(text);
  return parse(text);
}

function serverConfig(name: string) {
  return rpcServerConfig.parse(configOf(name));
}
