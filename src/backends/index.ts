import { dnsForm } from "./dns/target-form.js";
import { etcdForm } from "./etcd/target-form.js";
import { kubernetesForm } from "./kubernetes/target-form.js";
import { staticForm } from "./static/target-form.js";
import { registerBackend } from "./table.js";

let registered = false;

/**
 * Makes the backends that come with Rollcall known, by the means that a plug-in has. Each is loaded when first used. Asked again
 * it does nothing: an application may have replaced one meanwhile.
 */
export function registerBuiltInBackends(): void {
  if (registered) return;
  registered = true;
  const etcd = async () => (await import("./etcd/index.js")).etcdBackend;
  registerBackend("etcd", etcd, etcdForm("etcd"));
  registerBackend("discov", etcd, etcdForm("discov")); // go-zero's name for the same
  registerBackend("direct", async () => (await import("./static/index.js")).staticBackend, staticForm);
  registerBackend("dns", async () => (await import("./dns/index.js")).dnsBackend, dnsForm);
  registerBackend("k8s", async () => (await import("./kubernetes/index.js")).kubernetesBackend, kubernetesForm);
}
