import { registerBackend } from "../registry.js";

/** Makes the backends that come with Rollcall known. Each is loaded when its scheme is first used. */
export function registerBuiltInBackends(): void {
  const etcd = async () => (await import("./etcd/index.js")).etcdBackend;
  registerBackend("etcd", etcd);
  registerBackend("discov", etcd); // go-zero's name for the same
  registerBackend("direct", async () => (await import("./static.js")).staticBackend);
  registerBackend("dns", async () => (await import("./dns/index.js")).dnsBackend);
  registerBackend("k8s", async () => (await import("./kubernetes/index.js")).kubernetesBackend);
}
