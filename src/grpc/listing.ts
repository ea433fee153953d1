import type { Instance } from "../instance.js";
import { log } from "../log.js";
import { loadBackend, type Registration, type Target } from "../registry.js";

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
    const registration = await registrar.register(service, instance, { signal });
    this.#registration = registration;
    const facts = { service, instance: instance.address };
    if (registration.listed) log.info(facts, "registered");
    registration.on("lost", (reason) => log.warn({ ...facts, reason: reason.message }, "no longer listed"));
    registration.on("restored", () => log.info(facts, "listed again"));
  }

  /** Resolves when the instance is no longer listed, as far as that can be had. */
  async leave(): Promise<void> {
    const registration = this.#registration;
    this.#registration = undefined;
    await registration?.deregister();
  }
}
