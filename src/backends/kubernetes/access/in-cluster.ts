import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import type { ClusterAccess } from "./access.js";

/** Where Kubernetes mounts a pod's service account. */
export const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The access of a pod's service account, or undefined outside a pod. It needs nothing but the mounted files:
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export async function inClusterAccess(
  environment: NodeJS.ProcessEnv = process.env,
  directory = SERVICE_ACCOUNT,
): Promise<ClusterAccess | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  const token = () => readFile(join(directory, "token"), "utf8");
  if (!host || !port || (await token().catch(() => undefined)) === undefined) return undefined;

  const server = new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
  const namespace = await readFile(join(directory, "namespace"), "utf8").catch(() => "");
  return {
    source: "the pod's service account",
    namespace: namespace.trim() || undefined,
    // The kubelet replaces the token well before it expires, and the CA when it is rotated.
    async credentials() {
      const [bearer, ca] = await Promise.all([token(), readFile(join(directory, "ca.crt"))]);
      return { server, headers: { authorization: `Bearer ${bearer.trim()}` }, tls: { ca } };
    },
    forget() {},
    rest() {},
  };
}
