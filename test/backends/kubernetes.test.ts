import type { BackendServer } from "../../src/backend-tests/index.js";
import { testBackend } from "../../src/backend-tests/index.js";
import { createKubernetesBackend } from "../../src/backends/kubernetes/index.js";
import { kubernetesForm } from "../../src/backends/kubernetes/target-form.js";
import { endpoint, Pod, slice } from "../kubernetes/pod.js";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";

/** The pod whose server was started last: there is one at a time. */
let pod: Pod | undefined;

testBackend({
  scheme: "k8s",
  backend: { discovery: (target) => createKubernetesBackend(pod!.options).discovery!(target) },
  form: kubernetesForm,
  registers: false,
  async start(): Promise<BackendServer> {
    const api = new KubeApiServer();
    await api.start();
    const { certificate, port } = api;
    const here = new Pod({ port, ca: certificate.cert, token: "reader", namespace: "shop" });
    pod = here;
    return {
      target: (service) => `k8s://shop/${service}:8080`,
      list(service, instances) {
        const endpoints = instances.map(({ address }) => endpoint(address.replace(":8080", "")));
        api.apply(slice(`${service}-1`, endpoints, { service }));
      },
      break: () => api.stop(),
      restore: () => api.start(),
      async stop() {
        await api.stop();
        here.remove();
      },
    };
  },
});
