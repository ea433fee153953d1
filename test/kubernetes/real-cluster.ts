import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { kubeApiserverSkipReason, startKubeApiserver } from "../support/real-parts/kube/apiserver.js";
import type { Cluster } from "./cluster.js";
import { exampleManifests } from "./example-manifests.js";
import type { Kind, Manifest } from "./manifest-schema.js";

const NAMESPACE = "shop";

export interface RealCluster extends Cluster {
  /** Has the API server check a manifest as `kubectl apply --dry-run=server` does; rejects with what is wrong. */
  check(manifest: Identity): Promise<void>;
}

/** What of a manifest says where it belongs. */
type Identity = Pick<Manifest, "apiVersion" | "kind" | "metadata">;

export function realClusterSkipReason(): string | false {
  return kubeApiserverSkipReason() || etcdSkipReason();
}

/** A real kube-apiserver on a real etcd, with the rights that the examples give the ServiceAccount `cart`. */
export async function realCluster(): Promise<RealCluster> {
  const etcd = await startEtcd();
  const server = await startKubeApiserver(etcd.endpoint, {
    reader: { name: `system:serviceaccount:${NAMESPACE}:cart` },
    nobody: { name: `system:serviceaccount:${NAMESPACE}:order` },
  });
  const patch = async (path: string, object: object, query = "") => {
    await server.call("PATCH", `${path}?fieldManager=test&force=true&fieldValidation=Strict${query}`, object);
  };
  const slicePath = (name: string) => `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices/${name}`;

  const grants: readonly Kind[] = ["Namespace", "ServiceAccount", "Role", "RoleBinding"];
  for (const kind of grants) {
    for (const manifest of exampleManifests()) {
      if (manifest.kind === kind) await patch(pathOf(manifest), manifest);
    }
  }
  return {
    name: "kube-apiserver",
    port: server.port,
    ca: server.ca,
    namespace: NAMESPACE,
    token: async (account) => account,
    apply: (slice) =>
      patch(slicePath(slice.metadata.name), { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", ...slice }),
    delete: async (slice) => {
      await server.call("DELETE", slicePath(slice));
    },
    stop: () => server.kill(),
    start: () => server.restart(),
    check: (manifest) => patch(pathOf(manifest), manifest, "&dryRun=All"),
    async close() {
      await server.stop();
      await etcd.stop();
    },
  };
}

const PLURALS: Record<Kind, string> = {
  Namespace: "namespaces",
  ConfigMap: "configmaps",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  PodDisruptionBudget: "poddisruptionbudgets",
  Role: "roles",
  RoleBinding: "rolebindings",
};

function pathOf({ apiVersion, kind, metadata }: Identity): string {
  const api = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const scope = kind === "Namespace" ? "" : `/namespaces/${NAMESPACE}`;
  return `${api}${scope}/${PLURALS[kind]}/${metadata.name}`;
}
