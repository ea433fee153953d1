import { abortable } from "../async/abortable.js";
import { endsWithin } from "../async/time-limit.js";
import { registrarOf } from "../backends/table.js";
import type { Instance } from "../instance.js";
import { log } from "../log.js";
import type { Registration, Target } from "../registry.js";
import { refuse } from "../target/given.js";
import { messageOf } from "../thrown.js";

/**
 * One stay of an instance in its registry. Whatever the registry does, neither the beginning nor the end takes longer than it
 * may; and every reason why the instance is not listed is told once.
 */
export class KeptRegistration {
  readonly #target: Target;
  readonly #instance: Instance;
  readonly #onLost: () => void;
  readonly #leaving = new AbortController();
  readonly #registered: Promise<void>;
  #registration: Registration | undefined;
  /** Why it is not listed, as last told. */
  #reason: string | undefined;
  #removed: Promise<void> | undefined;

  /**
   * @param onLost called when the registry has lost the instance.
   * @param open gives the registrar. Default: a new one.
   */
  constructor(
    target: Target,
    instance: Instance,
    onLost: () => void = () => {},
    open: () => ReturnType<typeof registrarOf> = () => registrarOf(target),
  ) {
    this.#target = target;
    this.#instance = instance;
    this.#onLost = onLost;
    this.#registered = this.#register(open);
    this.#registered.catch(() => {});
  }

  /** Whether the registry lists it, as far as is known. */
  get listed(): boolean {
    return this.#removed === undefined && this.#registration?.listed === true;
  }

  /**
   * Resolves when the instance is listed or taken out again, or when the first attempt has failed or is not over after
   * `limitMs`; it goes on in the background then.
   * @throws what the registry refuses for good.
   */
  async begun(limitMs: number): Promise<void> {
    const { signal } = this.#leaving;
    try {
      if (await endsWithin(abortable(this.#registered, signal), limitMs)) return;
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    this.#warn(`cannot be registered yet: no answer in ${Math.round(limitMs)} ms; registering goes on`);
    this.#registered.catch((error) => {
      if (signal.aborted) return;
      log.error(this.#facts({ err: error }), `${this.#instance.address} cannot be registered: ${messageOf(error)}`);
    });
  }

  /** Takes the instance out. Resolves when that is done, or not confirmed after `limitMs`. Never rejects. */
  async end(limitMs: number): Promise<void> {
    if (await endsWithin(this.removed(), limitMs)) return;
    const facts = this.#facts({});
    log.warn(
      facts,
      `${this.#instance.address} may still be listed: no answer in ${Math.round(limitMs)} ms; going on without`,
    );
  }

  /** Takes it out; resolves when the registry has answered, however long that takes. Never rejects. */
  removed(): Promise<void> {
    this.#removed ??= this.#remove();
    return this.#removed;
  }

  async #register(open: () => ReturnType<typeof registrarOf>): Promise<void> {
    const { signal } = this.#leaving;
    const { registrar, target, logsRegistrations } = await open();
    if (signal.aborted) return;
    const registration = await registrar.register(target.service, this.#instance, { signal });
    if (typeof registration?.on !== "function" || typeof registration.deregister !== "function")
      refuse(`what register() of the backend "${this.#target.scheme}" gives`, registration, "a Registration");
    this.#registration = registration;
    if (!signal.aborted) this.#follow(registration, logsRegistrations);
  }

  async #remove(): Promise<void> {
    this.#leaving.abort(new Error("the instance is being taken out"));
    // One that comes after all must go as well.
    await this.#registered.catch(() => {});
    try {
      await this.#registration?.deregister();
    } catch (error) {
      // Against the contract; but a plugged-in backend must not keep a server from stopping.
      log.error(this.#facts({ err: error }), `taking the instance out of ${this.#target.scheme} failed`);
    }
  }

  #follow(registration: Registration, isLogged: boolean): void {
    registration.on("lost", () => this.#onLost());
    if (isLogged) return;
    if (!registration.listed && registration.trouble) this.#tell(registration.trouble, "cannot be registered yet");
    registration.on("lost", (reason) => this.#tell(reason, "is not listed"));
    registration.on("restored", () => {
      const { address } = this.#instance;
      if (this.#reason !== undefined) log.info(this.#facts({}), `${address} is listed in ${this.#target.scheme} again`);
      this.#reason = undefined;
    });
  }

  #tell(reason: unknown, what: string): void {
    const why = messageOf(reason);
    if (why === this.#reason || this.#leaving.signal.aborted) return;
    this.#reason = why;
    this.#warn(`${what}: ${why}; retrying`);
  }

  #warn(what: string): void {
    log.warn(this.#facts({}), `${this.#instance.address} ${what}`);
  }

  #facts(more: object): object {
    const { scheme, service } = this.#target;
    return { service, instance: this.#instance.address, backend: scheme, ...more };
  }
}
