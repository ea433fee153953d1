import { sleep } from "../async/backoff.js";
import { endsWithin } from "../async/time-limit.js";
import { ChannelStatus } from "../discovery/status.js";
import { log } from "../log.js";
import { addServer } from "../observe/sources.js";
import type { ServedService } from "../observe/state.js";
import type { Target } from "../registry.js";
import { type Bound, sayWhatIsDoubtful } from "./bound.js";
import { endOf } from "./end-of.js";
import { HOOK_MS, type Limits, registeringLimitMs, removingLimitMs } from "./limits.js";
import { Listing } from "./listing.js";
import type { Served } from "./served.js";
import { stopOnSignals } from "./signals.js";
import { isLive, type LifeEvent, type LifeState, next } from "./state.js";

const NOT_LIVE = "only a server that is started and not stopped can be paused or resumed";

/** States in which an order has been obeyed, or has been overtaken by another. */
const SETTLED = ["serving", "paused", "draining", "closing", "stopped"] as const;

/**
 * A server's life: listed while, and only while, it serves. The state says what is being done, `next` what follows; each
 * state's work is begun here, and its end is the next event.
 */
export class ServerLife {
  readonly #served: Served;
  readonly #limits: Limits;
  readonly #target: Target | undefined;
  readonly #listing: Listing | undefined;
  readonly #signals: boolean;
  readonly #waiting = new Set<{
    readonly ends: readonly LifeState["is"][];
    readonly arrived: (at: LifeState) => void;
  }>();
  #state: LifeState = { is: "new" };
  /** Counts the states whose work was begun. */
  #turn = 0;
  #bound: Bound | undefined;
  #binding: Promise<LifeEvent> | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** When the stop began; undefined before. */
  #stopBegan: number | undefined;
  #leaveSignals = (): void => {};
  #leaveObserved = (): void => {};

  constructor(target: Target | undefined, served: Served, limits: Limits, signals: boolean) {
    this.#target = target;
    this.#listing = target && new Listing(target, registeringLimitMs(limits));
    this.#served = served;
    this.#limits = limits;
    this.#signals = signals;
  }

  /** `host:port` as registered; undefined before it is bound. */
  get address(): string | undefined {
    return (this.#listing?.instance ?? this.#bound?.instance)?.address;
  }

  /** Whether it is in rotation, or about to be: not while it is paused, and not from the moment a stop begins. */
  get serves(): boolean {
    return this.#state.is === "serving" || this.#state.is === "entering";
  }

  /** Whether it was asked to stop: by its owner, or by a signal. */
  get isOver(): boolean {
    return this.#stopBegan !== undefined;
  }

  /** @throws what bind() threw, or what the registry refuses for good. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends all now; the process ends as well. */
  kill(): void {
    void this.#hook("kill", () => this.#served.kill?.(), 0);
  }

  pause(): Promise<void> {
    return this.#ask("pause");
  }

  resume(): Promise<void> {
    return this.#ask("resume");
  }

  async #start(): Promise<void> {
    if (this.#state.is !== "new") {
      throw new Error("the server was stopped before it was started; create another one");
    }
    if (this.#signals) this.#leaveSignals = stopOnSignals(this);
    this.#leaveObserved = addServer({ state: () => this.#observed() });
    this.#hear({ is: "start" });
    const state = await this.#reached(SETTLED);
    if (state.is === "stopped" && state.because) throw state.because;
  }

  async #ask(order: "pause" | "resume"): Promise<void> {
    if (!isLive(this.#state)) throw new Error(NOT_LIVE);
    if (this.#state.is === (order === "pause" ? "paused" : "serving")) return;
    this.#hear({ is: order });
    const state = await this.#reached(SETTLED);
    if (!isLive(state)) throw new Error(NOT_LIVE);
    if (order === "resume" && state.is === "paused" && state.because) throw state.because;
  }

  async #stop(): Promise<void> {
    const began = performance.now();
    this.#stopBegan = began;
    this.#hear({ is: "stop" });
    await this.#reached(["stopped"]);
    log.info({ ...this.#served.facts?.(), ms: Math.round(performance.now() - began) }, "stopped");
  }

  /** The state in which the life arrives at one of these; at once if it is there. */
  #reached(ends: readonly LifeState["is"][]): Promise<LifeState> {
    if (ends.includes(this.#state.is)) return Promise.resolve(this.#state);
    return new Promise((arrived) => this.#waiting.add({ ends, arrived }));
  }

  #hear(event: LifeEvent): void {
    const before = this.#state;
    const state = next(before, event);
    this.#state = state;
    // A stop leaves less time for what is under way already.
    const hurries = event.is === "stop" && (state.is === "leaving" || state.is === "binding");
    if (state.is === before.is && !hurries) return;
    this.#announce(state, before);
    for (const one of this.#waiting) {
      if (!one.ends.includes(state.is)) continue;
      this.#waiting.delete(one);
      one.arrived(state);
    }
    if (state.is === "stopped") {
      this.#leaveSignals();
      this.#leaveObserved();
    }
    this.#turn += 1;
    const mine = this.#turn;
    // Of a state that has been left meanwhile the end says nothing any more.
    const hear = (end: LifeEvent) => mine === this.#turn && this.#hear(end);
    this.#work(state)?.then(hear, (error) => hear({ is: "failed", because: error as Error }));
  }

  #observed(): ServedService {
    const { name = this.#target?.service ?? "", calls = 0 } = this.#served.facts?.() ?? {};
    return {
      name,
      address: this.address,
      state: this.#state.is,
      service: this.#target?.service,
      registry: this.#target && new ChannelStatus(this.#target).registry,
      listed: this.#listing?.listed === true,
      inFlight: calls,
      totals: this.#served.counts?.() ?? { calls: 0, failures: 0 },
    };
  }

  #announce(state: LifeState, before: LifeState): void {
    const facts = { ...this.#served.facts?.(), instance: this.address };
    if (state.is === "paused" && !state.because) log.info(facts, "paused");
    if (state.is === "serving" && before.is === "entering" && before.resumed) log.info(facts, "resumed");
    if (state.is !== "draining") return;
    log.info({ ...facts, drainMs: this.#limits.drainMs }, "out of rotation, answering until clients know");
  }

  #work({ is }: LifeState): Promise<LifeEvent> | undefined {
    switch (is) {
      case "binding":
        this.#binding ??= this.#bind();
        return this.isOver ? this.#boundInTime(this.#binding) : this.#binding;
      case "entering":
        return this.#enter();
      case "leaving":
        return this.#leave();
      case "draining":
        return sleep(Math.max(0, Math.min(this.#limits.drainMs, this.#leftMs()))).then(() => ({ is: "drained" }));
      case "closing":
        return this.#close();
      case "killing":
        return this.#hook("kill", () => this.#served.kill?.(), HOOK_MS).then(() => ({ is: "killed" }));
      default:
        return undefined;
    }
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
  async #enter(): Promise<LifeEvent> {
    const limitMs = registeringLimitMs(this.#limits);
    const { instance, advertised } = this.#bound!;
    const mine = this.#turn;
    if (
      !(await endsWithin(
        told(() => this.#served.health?.(true)),
        limitMs,
      ))
    ) {
      throw new Error(`health(true) has not ended in ${limitMs} ms; a server is listed once it says that it serves`);
    }
    if (mine === this.#turn) await this.#listing?.enter({ ...instance, address: this.address! }, advertised);
    return { is: "entered" };
  }

  /** No longer listed first, so that clients have somewhere else to go. */
  async #leave(): Promise<LifeEvent> {
    const stops = this.#stopBegan !== undefined;
    const mine = this.#turn;
    await this.#listing?.leave(stops ? removingLimitMs(this.#limits) : registeringLimitMs(this.#limits));
    const limitMs = stops ? Math.min(HOOK_MS, this.#leftMs()) : HOOK_MS;
    if (mine === this.#turn) await this.#hook("health(false)", () => this.#served.health?.(false), limitMs);
    return { is: "left" };
  }

  async #close(): Promise<LifeEvent> {
    const closed = told(async () => {
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
      if (!(await endsWithin(told(hook), limitMs)) && limitMs > 0) {
        log.warn(facts, `${name} has not ended in ${Math.round(limitMs)} ms; going on without`);
      }
    } catch (error) {
      log.error({ ...facts, err: error }, `${name} failed`);
    }
  }
}

/** What a hook throws at once is a rejection, too. */
async function told(hook: () => unknown): Promise<void> {
  await hook();
}
