import { abortable } from "../../../async/abortable.js";
import type { Instance } from "../../../instance.js";
import type { Registrar, Registration } from "../../../registry.js";
import { checkServiceKey } from "../layout/keys.js";
import { layoutOf } from "../layout/layout.js";
import { usableAddress } from "../layout/usable-address.js";
import { checkSize } from "../layout/value.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";
import { EtcdRegistration } from "./etcd-registration.js";

/** Lists instances of services in etcd, all under one lease of this process. */
export class EtcdRegistrar implements Registrar {
  readonly #settings: EtcdSettings;

  /** @throws TypeError when the settings contradict each other. */
  constructor(settings: EtcdSettings) {
    this.#settings = checkEtcdSettings(settings);
  }

  /** @throws TypeError for an empty service key, an address that nobody can call (0.0.0.0), or facts too long to be read. */
  async register(service: string, instance: Instance, options: { signal?: AbortSignal } = {}): Promise<Registration> {
    checkServiceKey(service);
    const address = usableAddress(instance.address);
    const layout = layoutOf(this.#settings.layout);
    checkSize([layout.value(layout.path(service), "", instance), layout.attributes(instance, Date.now())]);
    options.signal?.throwIfAborted();
    const registration = new EtcdRegistration(this.#settings, service, { ...instance, address });
    try {
      await abortable(registration.attempted, options.signal);
      return registration;
    } catch (error) {
      await registration.deregister();
      throw error;
    }
  }
}
