import { sleep } from "../async/backoff.js";
import { endsWithin } from "../async/time-limit.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import { type Bound, sayWhatIsDoubtful } from "./bound.js";
import { endOf } from "./end-of.js";
import { HOOK_MS, type Limits, registeringLimitMs, removingLimitMs } from "./limits.js";
import { Listing } from "./listing.js";
import type { Served } from "./served.js";
import type { LifeEvent, LifeState } from "./state.js";

/** What a server does in each state of its life, within the limits. How it ends is the next event. */
export class LifeWork {
  readonly #target: Target | undefined;
  readonly #served: Served;
  readonly #limits: Limits;
  readonly #listing: Listing | undefined;
  #bound: Bound | undefined;
  #binding: Promise<LifeEvent> | undefined;
  /** When the stop began; undefined before. */
  #stopBegan: number | undefined;

  constructor(target: Target | undefined, served: Served, limits: Limits) {
    this.#target = target;
    this.#served = served;
    this.#limits = limits;
    this.#listing = target && new Listing(target, registeringLimitMs(limits));
  }

  /** `host:port` as registered; undefined before it is bound. */
  get address(): string | undefined {
    return (this.#listing?.instance ?? this.#bound?.instance)?.address;
  }

  get listed(): boolean {
    return this.#listing?.listed === true;
  }

  get stops(): boolean {
    return this.#stopBegan !== undefined;
  }

  /** From now on all that is done together has the time of a stop. */
  beginStop(): void {
    this.#stopBegan = performance.now();
  }

  /**
   * @param isCurrent whether the state still stands.
   * @returns how the work ended, a rejection for `failed`; undefined where there is nothing to do.
   */
  begin({ is }: LifeState, isCurrent: () => boolean): Promise<LifeEvent> | undefined {
    switch (is) {
      case "binding":
        this.#binding ??= this.#bind();
        return this.stops ? this.#boundInTime(this.#binding) : this.#binding;
      case "entering":
        return this.#enter(isCurrent);
      case "leaving":
        return this.#leave(isCurrent);
      case "draining":
        return sleep(Math.max(0, Math.min(this.#limits.drainMs, this.#leftMs()))).then(() => ({ is: "drained" }));
      case "closing":
        return this.#close();
      case "killing":
        return this.kill(HOOK_MS).then(() => ({ is: "killed" }));
      default:
        return undefined;
    }
  }

  /** Ends what is left. Never rejects. */
  kill(limitMs: number): Promise<void> {
    return this.#hook("kill", () => this.#served.kill?.(), limitMs);
  }

  async #bind(): Promise<LifeEvent> {
    const bound = await this.#served.bind();
    this.#bound = bound;
    if (this.#target) sayWhatIsDoubtful(bound, this.#target);
    return { is: "bound" };
  }

  /** What a server waits for before it listens, services that come by a promise for example, keeps no stop. */
  async #boundInTime(binding: Promise<LifeEvent>): Promise<LifeEvent> {
    return (await endsWithin(binding, this.#leftMs())) ? binding : { is: "timeUp" };
  }

  /** Healthy first, then listed: only what serves is listed. */
  async #enter(isCurrent: () => boolean): Promise<LifeEvent> {
    const limitMs = registeringLimitMs(this.#limits);
    const { instance, advertised } = this.#bound!;
    const healthy = called(() => this.#served.health?.(true));
    if (!(await endsWithin(healthy, limitMs))) {
      throw new Error(`health(true) has not ended in ${limitMs} ms; a server is listed once it says that it serves`);
    }
    if (isCurrent()) await this.#listing?.enter({ ...instance, address: this.address! }, advertised);
    return { is: "entered" };
  }

  /** No longer listed first, so that clients have somewhere else to go. */
  async #leave(isCurrent: () => boolean): Promise<LifeEvent> {
    const { stops } = this;
    await this.#listing?.leave(stops ? removingLimitMs(this.#limits) : registeringLimitMs(this.#limits));
    const limitMs = stops ? Math.min(HOOK_MS, this.#leftMs()) : HOOK_MS;
    if (isCurrent()) await this.#hook("health(false)", () => this.#served.health?.(false), limitMs);
    return { is: "left" };
  }

  async #close(): Promise<LifeEvent> {
    const closed = called(async () => {
      await endOf(this.#served.close?.());
    });
    try {
      return { is: (await endsWithin(closed, this.#leftMs())) ? "closed" : "timeUp" };
    } catch (error) {
      log.error({ ...this.#served.facts?.(), err: error }, "close() failed");
      throw error;
    }
  }

  /** What is left of a stop, in milliseconds. */
  #leftMs(): number {
    return this.#limits.waitMs - (performance.now() - (this.#stopBegan ?? performance.now()));
  }

  /** Calls a hook whose failure or slowness changes nothing. Never rejects. */
  async #hook(name: string, hook: () => unknown, limitMs: number): Promise<void> {
    const facts = this.#served.facts?.() ?? {};
    try {
      if (!(await endsWithin(called(hook), limitMs)) && limitMs > 0) {
        log.warn(facts, `${name} has not ended in ${Math.round(limitMs)} ms; going on without`);
      }
    } catch (error) {
      log.error({ ...facts, err: error }, `${name} failed`);
    }
  }
}

/** What a hook throws at once is a rejection, too. */
async function called(hook: () => unknown): Promise<void> {
  await hook();
}
