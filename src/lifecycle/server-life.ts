import { ChannelStatus } from "../discovery/status.js";
import { log } from "../log.js";
import { addServer } from "../observe/sources.js";
import type { ServedService } from "../observe/state.js";
import type { Target } from "../registry.js";
import { LifeWork } from "./life-work.js";
import type { Limits } from "./limits.js";
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
  readonly #target: Target | undefined;
  readonly #served: Served;
  readonly #limits: Limits;
  readonly #signals: boolean;
  readonly #work: LifeWork;
  readonly #waiting = new Set<{
    readonly ends: readonly LifeState["is"][];
    readonly arrived: (at: LifeState) => void;
  }>();
  #state: LifeState = { is: "new" };
  /** Counts the states whose work was begun. */
  #turn = 0;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #leaveSignals = (): void => {};
  #leaveObserved = (): void => {};

  constructor(target: Target | undefined, served: Served, limits: Limits, signals: boolean) {
    this.#target = target;
    this.#served = served;
    this.#limits = limits;
    this.#signals = signals;
    this.#work = new LifeWork(target, served, limits);
  }

  /** `host:port` as registered; undefined before it is bound. */
  get address(): string | undefined {
    return this.#work.address;
  }

  /** Whether it is in rotation, or about to be: not while it is paused, and not from the moment a stop begins. */
  get serves(): boolean {
    return this.#state.is === "serving" || this.#state.is === "entering";
  }

  /** Whether it was asked to stop: by its owner, or by a signal. */
  get isOver(): boolean {
    return this.#work.stops;
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
    void this.#work.kill(0);
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
    this.#work.beginStop();
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
    this.#tellWaiting(state);
    if (state.is === "stopped") {
      this.#leaveSignals();
      this.#leaveObserved();
    }
    this.#begin(state);
  }

  #begin(state: LifeState): void {
    this.#turn += 1;
    const mine = this.#turn;
    const isCurrent = () => mine === this.#turn;
    // Of a state that has been left meanwhile the end says nothing any more.
    const hear = (end: LifeEvent) => isCurrent() && this.#hear(end);
    this.#work.begin(state, isCurrent)?.then(hear, (error) => hear({ is: "failed", because: error as Error }));
  }

  #tellWaiting(state: LifeState): void {
    for (const one of this.#waiting) {
      if (!one.ends.includes(state.is)) continue;
      this.#waiting.delete(one);
      one.arrived(state);
    }
  }

  #announce(state: LifeState, before: LifeState): void {
    const facts = { ...this.#served.facts?.(), instance: this.address };
    if (state.is === "paused" && !state.because) log.info(facts, "paused");
    if (state.is === "serving" && before.is === "entering" && before.resumed) log.info(facts, "resumed");
    if (state.is !== "draining") return;
    log.info({ ...facts, drainMs: this.#limits.drainMs }, "out of rotation, answering until clients know");
  }

  #observed(): ServedService {
    const { name = this.#target?.service ?? "", calls = 0 } = this.#served.facts?.() ?? {};
    return {
      name,
      address: this.address,
      state: this.#state.is,
      service: this.#target?.service,
      registry: this.#target && new ChannelStatus(this.#target).registry,
      listed: this.#work.listed,
      inFlight: calls,
      totals: this.#served.counts?.() ?? { calls: 0, failures: 0 },
    };
  }
}
