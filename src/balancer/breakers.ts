import { Breaker, type BreakerOptions } from "./breaker.js";

/** So many methods of an instance are told apart; later ones share a breaker. */
const MOST_METHODS = 256;

/** A breaker for each method of each instance: what fails at one instance says nothing of the others. */
export class Breakers<K> {
  readonly #options: BreakerOptions;
  readonly #instances = new Map<K, Map<string, Breaker>>();

  constructor(options: BreakerOptions = {}) {
    this.#options = options;
  }

  of(instance: K, method: string): Breaker {
    let methods = this.#instances.get(instance);
    if (!methods) {
      methods = new Map();
      this.#instances.set(instance, methods);
    }
    const name = methods.size < MOST_METHODS || methods.has(method) ? method : "";
    let breaker = methods.get(name);
    if (!breaker) {
      breaker = new Breaker(this.#options);
      methods.set(name, breaker);
    }
    return breaker;
  }

  /** Forgets all other instances. */
  keep(instances: ReadonlySet<K>): void {
    for (const instance of this.#instances.keys()) if (!instances.has(instance)) this.#instances.delete(instance);
  }
}
