import type { Backend, Target } from "../../registry.js";
import { type AccessOptions, findAccess } from "./access/find-access.js";
import { KubeApi } from "./api/api.js";
import type { PingTiming } from "./api/transport.js";
import { type DiscoveryTiming, KubernetesDiscovery } from "./discovery.js";
import type { AddressFamily } from "./slices.js";
import { kubernetesForm } from "./target-form.js";

/** Every wait of the backend. */
export type KubernetesTiming = DiscoveryTiming & PingTiming;

const DEFAULT_TIMING: KubernetesTiming = {
  answerMs: 30_000,
  // Kubernetes' own clients ask for 5 to 10 minutes.
  watchSeconds: 240,
  overtimeMs: 15_000,
  shortWatchMs: 1_000,
  backoff: { initialMs: 200, maxMs: 10_000 },
  removalGraceMs: 200,
  // A dead connection is noticed within 15 s.
  pingMs: 10_000,
  pongMs: 5_000,
};

export interface KubernetesBackendOptions {
  /** Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Directory of the service account. Default: where Kubernetes mounts it. */
  readonly serviceAccount?: string;
  readonly timing?: Partial<KubernetesTiming>;
}

/**
 * A backend for `k8s://namespace/service:port` targets. Parameters of the URL: `family` (auto, ipv4, ipv6),
 * `kubeconfig` (a file) and `context` (of the kubeconfig).
 */
export function createKubernetesBackend({ timing, ...where }: KubernetesBackendOptions = {}): Backend {
  const times = { ...DEFAULT_TIMING, ...timing };
  /** One for each cluster, so that all watches share its connections. */
  const apis = new Map<string, Promise<KubeApi>>();

  const apiOf = (options: AccessOptions): Promise<KubeApi> => {
    const key = JSON.stringify([options.file, options.context]);
    const known = apis.get(key);
    if (known) return known;
    const made = findAccess({ ...where, ...options }).then((access) => new KubeApi(access, times));
    apis.set(key, made);
    made.catch(() => apis.delete(key));
    return made;
  };

  return {
    parse: (parts) => kubernetesForm.parse(parts),
    async discovery({ params }: Target) {
      const family = readFamily(params.family);
      return new KubernetesDiscovery(await apiOf({ file: params.kubeconfig, context: params.context }), family, times);
    },
  };
}

/** The backend as Rollcall registers it. */
export const kubernetesBackend: Backend = createKubernetesBackend();

function readFamily(text = "auto"): AddressFamily {
  if (text === "auto" || text === "ipv4" || text === "ipv6") return text;
  throw new TypeError(`the target's family is ${JSON.stringify(text)}: it must be auto, ipv4 or ipv6`);
}
