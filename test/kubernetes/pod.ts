import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerBuiltInBackends } from "../../src/backends/index.js";
import {
  createKubernetesBackend,
  type KubernetesBackendOptions,
  type KubernetesTiming,
} from "../../src/backends/kubernetes/index.js";
import type { Backend } from "../../src/registry.js";
import { parseTargetUrl } from "../../src/target/parse.js";
import type { SliceManifest } from "../support/real-parts/kube/slices.js";
import { Watched } from "../support/watched.js";

registerBuiltInBackends();

/** Waits that suit a test: retries at once, and nothing else that a test would have to wait for. */
const TIMING: Partial<KubernetesTiming> = {
  answerMs: 10_000,
  backoff: { initialMs: 20, maxMs: 100 },
  removalGraceMs: 50,
};

/** What a pod sees of its cluster: the mounted service account and two environment variables. */
export class Pod {
  readonly #directory = mkdtempSync(join(tmpdir(), "rollcall-pod-"));
  readonly options: KubernetesBackendOptions;
  readonly #backend: Backend;

  constructor(
    api: { readonly port: number; readonly ca: string; readonly token: string; readonly namespace: string },
    timing: Partial<KubernetesTiming> = {},
  ) {
    this.write("token", api.token);
    this.write("ca.crt", api.ca);
    this.write("namespace", api.namespace);
    this.options = {
      environment: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: `${api.port}` },
      serviceAccount: this.#directory,
      timing: { ...TIMING, ...timing },
    };
    this.#backend = createKubernetesBackend(this.options);
  }

  /** Replaces a file of the service account. */
  write(file: "token" | "ca.crt" | "namespace", text: string): void {
    writeFileSync(join(this.#directory, file), text);
  }

  /** Watches a target as a channel of a program in this pod does. */
  async watch(url: string): Promise<Watched> {
    const target = parseTargetUrl(url);
    return new Watched(await this.#backend.discovery!(target), target.service);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}

/** An endpoint of the pod with this address; conditions as the EndpointSlice controller sets them for a ready pod. */
export function endpoint(address: string, conditions: object = {}) {
  return {
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false, ...conditions },
    nodeName: "node-a",
    zone: "zone-a",
    targetRef: { kind: "Pod", namespace: "shop", name: `order-${address.replaceAll(/[.:]/g, "-")}` },
  };
}

export const STARTING = { ready: false, serving: false };
export const LEAVING = { ready: false, serving: true, terminating: true };

/** A slice of the service `order`, port 8080 called grpc, unless something else is said. */
export function slice(
  name: string,
  endpoints: readonly object[],
  changes: Partial<SliceManifest> & { service?: string; namespace?: string } = {},
): SliceManifest {
  const { service = "order", namespace = "shop", ...rest } = changes;
  return {
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports: [{ name: "grpc", port: 8080, protocol: "TCP" }],
    endpoints,
    ...rest,
  };
}
