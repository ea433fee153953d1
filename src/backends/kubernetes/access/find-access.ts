import { existsSync } from "node:fs";
import { homeKubeconfig } from "../kubeconfig-files.js";
import type { ClusterAccess } from "./access.js";
import { inClusterAccess } from "./in-cluster.js";
import { type KubeconfigOptions, kubeconfigAccess } from "./kubeconfig.js";

export interface AccessOptions extends KubeconfigOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Where the service account is mounted. */
  readonly serviceAccount?: string;
}

/**
 * How this process reaches its cluster: by the kubeconfig it was told of, in a pod by its service account, else by the
 * user's kubeconfig.
 * @throws Error when there is none of them, and those of kubeconfigAccess.
 */
export async function findAccess(options: AccessOptions): Promise<ClusterAccess> {
  const { file, context, environment = process.env, serviceAccount } = options;
  const kubeconfig = options.kubeconfig ?? environment.KUBECONFIG;
  if (file !== undefined || context !== undefined || kubeconfig) return kubeconfigAccess({ file, context, kubeconfig });
  const inCluster = await inClusterAccess(environment, serviceAccount);
  if (inCluster) return inCluster;
  const inHome = homeKubeconfig();
  if (inHome !== undefined && existsSync(inHome)) return kubeconfigAccess();
  throw new Error(
    "there is no way to a Kubernetes cluster: this is no pod with a service account token (is " +
      "automountServiceAccountToken off?), $KUBECONFIG is not set and ~/.kube/config does not exist",
  );
}
