import { loadBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import { log } from "../log.js";
import type { Registration, Target } from "../registry.js";

/** A server's place in its registry: in and out, as often as wanted. */
export class Listing {
  readonly #target: Target;
  #registration: Registration | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Resolves when the instance is listed, or when the first attempt has failed and goes on in the background. */
  async enter(instance: Instance, signal: AbortSignal): Promise<void> {
    const { scheme, service } = this.#target;
    const backend = await loadBackend(scheme);
    if (!backend.registrar) throw new Error(`the backend "${scheme}" cannot register instances, it is only watched`);
    const registrar = await backend.registrar(this.#target);
    this.#registration = await registrar.register(service, instance, { signal });
  }

  /** Resolves when the instance is no longer listed, as far as that can be had. Never rejects. */
  async leave(): Promise<void> {
    const registration = this.#registration;
    this.#registration = undefined;
    try {
      await registration?.deregister();
    } catch (error) {
      // Against the contract; but a plugged-in backend must not keep a server from stopping.
      log.error(
        { service: this.#target.service, err: error },
        `taking the instance out of ${this.#target.scheme} failed`,
      );
    }
  }
}
