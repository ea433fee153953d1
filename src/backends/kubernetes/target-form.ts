import type { TargetForm } from "../../target/forms.js";
import { parseServiceName } from "./target.js";

export const kubernetesForm: TargetForm = {
  expected: "k8s://namespace/service:port or k8s:///service:port",
  params: ["family", "kubeconfig", "context"],
  parse({ authority, path, params }) {
    const service = authority ? `${authority}/${path}` : path;
    parseServiceName(service);
    return { hosts: [], service, params };
  },
};
