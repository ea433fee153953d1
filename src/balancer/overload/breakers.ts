import { Breaker, type BreakerOptions } from "./breaker.js";

/** So many methods of an instance are told apart; later ones share a breaker. */
const MOST_METHODS = 256;

/** A breaker for each method of each instance: what fails at one instance says nothing of the others. */
export class Breakers<K> {
  readonly #options: BreakerOptions;
  readonly #instances = new Map<K, Map<string, Breaker>>();
  /** Those that may drop calls: with none, which is the usual case, a pick need not ask. */
  readonly #suspects = new Set<Breaker>();

  constructor(options: BreakerOptions = {}) {
    this.#options = options;
  }

  /** Whether anything fails anywhere so much that allows() may say no. */
  get suspicious(): boolean {
    return this.#suspects.size > 0;
  }

  /** Whether the next call of this method should go to this instance. */
  allows(instance: K, method: string): boolean {
    const breaker = this.#of(instance, method);
    if (!this.#suspects.has(breaker)) return true;
    const allowed = breaker.allows();
    if (!breaker.mayDrop) this.#suspects.delete(breaker);
    return allowed;
  }

  /** A call was kept away because allows() said no. */
  dropped(instance: K, method: string): void {
    this.#of(instance, method).dropped();
  }

  /** @param code numeric gRPC status code */
  ended(instance: K, method: string, code: number): void {
    const breaker = this.#of(instance, method);
    breaker.ended(code);
    if (breaker.mayDrop) this.#suspects.add(breaker);
  }

  /** Forgets all other instances. */
  keep(instances: { has(instance: K): boolean }): void {
    for (const [instance, methods] of this.#instances) {
      if (instances.has(instance)) continue;
      this.#instances.delete(instance);
      for (const breaker of methods.values()) this.#suspects.delete(breaker);
    }
  }

  #of(instance: K, method: string): Breaker {
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
}
