import { hostsAndKey, type TargetForm } from "../../target/forms.js";
import { checkServiceKey } from "./layout/keys.js";
import { etcdSettings } from "./settings.js";

/** What configuration files set in `Etcd` may stand in a URL too. */
const SETTINGS = [
  "user",
  "pass",
  "certfile",
  "certkeyfile",
  "cacertfile",
  "insecureskipverify",
  "tls",
  "ttl",
  "id",
  "layout",
];

/** `etcd:///h1:2379,h2:2379?key=order.rpc`, and the older `etcd://h1,h2/order.rpc`. Settings are checked here, before any call. */
export function etcdForm(scheme: string): TargetForm {
  const form = hostsAndKey(scheme, 2379);
  return {
    ...form,
    params: [...(form.params ?? []), ...SETTINGS],
    parse(parts) {
      const target = form.parse(parts);
      checkServiceKey(target.service);
      etcdSettings({ scheme, ...target });
      return target;
    },
  };
}
