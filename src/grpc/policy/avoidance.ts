import { Metadata, status } from "@grpc/grpc-js";
import { Breakers } from "../../balancer/overload/breakers.js";
import { RetryBudget } from "../../balancer/overload/retry-budget.js";
import { SetAside } from "../../balancer/overload/set-aside.js";
import { full } from "../../tally.js";
import type { Pushback } from "../pushback.js";
import { type PickResult, PickResultType, QUEUE } from "../shield/experimental.js";
import type { PolicyConfig } from "./policy-config.js";
import { SetAsideLog } from "./set-aside-log.js";

/**
 * Which instances calls avoid for a time although they can be called: those that say that they are full, and for a method those
 * where it mostly fails. docs/overload.md has the rules. Costs a pick nothing while nobody is full and nothing fails.
 */
export class Avoidance {
  readonly #setAside = new SetAside<string>();
  readonly #breakers = new Breakers<string>();
  readonly #elsewhere = new RetryBudget();
  readonly #service: () => string;
  readonly #log: SetAsideLog;
  readonly #changed: () => void;
  #breaker = true;
  #size = 0;

  /** @param changed called when others get calls than before, but not by set(). */
  constructor(service: () => string, changed: () => void) {
    this.#service = service;
    this.#log = new SetAsideLog(service);
    this.#changed = changed;
  }

  /**
   * Makes these the instances that can be called.
   * @param elsewhere how many more are connected, and set aside by their health.
   */
  set(usable: readonly string[], elsewhere: number, { maxSetAside, breaker }: PolicyConfig): void {
    this.#size = usable.length;
    this.#breaker = breaker;
    this.#setAside.set(usable, elsewhere, maxSetAside);
  }

  /** Forgets all other instances. */
  keep(instances: { has(instance: string): boolean }): void {
    this.#breakers.keep(instances);
  }

  /** Those that get calls. */
  called(): readonly string[] {
    return this.#setAside.called();
  }

  /** Those that get none because they are full. */
  full(): readonly string[] {
    return this.#setAside.aside();
  }

  /** How a pick ends where all instances are full: whoever asked would be refused, and the answer costs nobody anything here. */
  refusal(): PickResult | undefined {
    if (this.#setAside.full === 0) return undefined;
    const now = performance.now();
    if (this.#setAside.expire(now)) this.#changed();
    const forMs = this.#setAside.allFullForMs(now);
    if (forMs === 0) return undefined;
    this.#log.allFull(Math.ceil(forMs));
    full.unsent.count(this.#service());
    const service = JSON.stringify(this.#service());
    const details = `all instances of ${service} that are ready for calls said that they are overloaded (grpc-retry-pushback-ms)`;
    const refusal = { code: status.RESOURCE_EXHAUSTED, details, metadata: new Metadata() };
    return { ...QUEUE, pickResultType: PickResultType.DROP, status: refusal };
  }

  /** Whether a call of this method should go to another instance than this one. */
  avoids(instance: string, method: string): boolean {
    return this.#breaker && this.#breakers.suspicious && !this.#breakers.allows(instance, method);
  }

  /** Whether a call that avoids so many instances may avoid one more. */
  mayAvoid(others: number): boolean {
    if (others < this.#setAside.left) return true;
    if (this.#size > 1) this.#log.ignored();
    return false;
  }

  /** A call of this method went to another instance than these. */
  avoided(instances: ReadonlySet<string>, method: string): void {
    for (const instance of instances) this.#breakers.dropped(instance, method);
  }

  /** A full server has refused a call. @returns whether the call is made once more, elsewhere. */
  refused(instance: string, { ms, elsewhere }: Pushback): boolean {
    full.pushbacks.count(this.#service());
    if (ms > 0) this.#isFull(instance, performance.now() + ms);
    return elsewhere && this.#size > 1 && this.#setAside.full < this.#size && this.#elsewhere.take();
  }

  /** Whether its word that it is full is not obeyed, so that what it refuses has failed. */
  ignores(instance: string): boolean {
    return this.#setAside.ignores(instance);
  }

  /** A call that no full server refused has ended. */
  ended(instance: string, method: string, code: status, ok: boolean | undefined): void {
    // The breaker knows only accepted and failed, and what says nothing of the instance has not failed.
    if (this.#breaker) this.#breakers.ended(instance, method, ok === undefined ? status.OK : code);
    if (ok) this.#elsewhere.succeeded();
  }

  #isFull(instance: string, until: number): void {
    const before = this.#setAside.count;
    this.#setAside.add(instance, until);
    if (this.#setAside.count > before) {
      this.#log.began();
      this.#changed();
    } else if (!this.#setAside.has(instance) && this.#size > 1) this.#log.ignored();
  }
}
