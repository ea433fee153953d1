import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import type { Random } from "./random.js";
import { Phase, type Scheduler, type Task } from "./scheduler.js";

/**
 * The clock, the timers and the dice of Node itself, replaced: production code runs as it is. This module is loaded before any
 * of it, since some of it keeps `Math.random` or `process.hrtime` from its own loading on.
 */
interface Active {
  readonly scheduler: Scheduler;
  readonly random: Random;
}

let active: Active | undefined;

/** Node's own, for who runs the simulation. */
export const real = {
  setImmediate: globalThis.setImmediate,
  now: performance.now.bind(performance),
};

/** From now on time is the scheduler's and chance the generator's; undefined: Node's own again. */
export function useWorld(world: Active | undefined): void {
  active = world;
}

/** An instant in 2026, the same for every run. */
const EPOCH_MS = 1_790_000_000_000;

/** What setTimeout and setInterval return. */
class Timer {
  readonly #run: () => void;
  readonly #ms: number;
  readonly #repeats: boolean;
  readonly #scheduler: Scheduler;
  readonly #owner = active?.scheduler.current;
  #task: Task | undefined;

  constructor(scheduler: Scheduler, run: () => void, ms: number, repeats: boolean) {
    this.#scheduler = scheduler;
    this.#run = run;
    this.#ms = ms >= 1 && ms <= 2 ** 31 - 1 ? ms : 1; // as Node does
    this.#repeats = repeats;
    this.refresh();
  }

  refresh(): this {
    this.close();
    this.#task = this.#scheduler.at(this.#scheduler.now + this.#ms, Phase.timers, this.#owner, () => {
      if (this.#repeats) this.refresh();
      this.#run();
    });
    return this;
  }

  close(): this {
    if (this.#task) this.#scheduler.cancel(this.#task);
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

class Immediate {
  readonly #scheduler: Scheduler;
  readonly #task: Task;

  constructor(scheduler: Scheduler, run: () => void) {
    this.#scheduler = scheduler;
    this.#task = scheduler.at(scheduler.now, Phase.immediates, scheduler.current, run);
  }

  close(): void {
    this.#scheduler.cancel(this.#task);
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

type Work = (...args: unknown[]) => void;

function timers() {
  const { setTimeout, setInterval, setImmediate, clearTimeout, clearImmediate } = globalThis;
  const clear = (original: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof Timer || timer instanceof Immediate) timer.close();
    else original(timer as never);
  };
  return {
    setTimeout: (run: Work, ms = 1, ...args: unknown[]) =>
      active ? new Timer(active.scheduler, () => run(...args), ms, false) : setTimeout(run, ms, ...args),
    setInterval: (run: Work, ms = 1, ...args: unknown[]) =>
      active ? new Timer(active.scheduler, () => run(...args), ms, true) : setInterval(run, ms, ...args),
    setImmediate: (run: Work, ...args: unknown[]) =>
      active ? new Immediate(active.scheduler, () => run(...args)) : setImmediate(run, ...args),
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearTimeout),
    clearImmediate: clear(clearImmediate),
  };
}

function clocks(): void {
  const { now } = Date;
  const { hrtime } = process;
  Date.now = () =>
    active ? Math.floor(EPOCH_MS + active.scheduler.now + (active.scheduler.current?.clockOffsetMs ?? 0)) : now();
  performance.now = () => (active ? active.scheduler.now : real.now());
  const virtual = (since?: [number, number]): [number, number] => {
    if (!active) return hrtime(since);
    const ms = active.scheduler.now - (since ? since[0] * 1_000 + since[1] / 1e6 : 0);
    return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
  };
  process.hrtime = Object.assign(virtual, {
    bigint: () => (active ? BigInt(Math.round(active.scheduler.now * 1e6)) : hrtime.bigint()),
  });
}

function dice(): void {
  const { random } = Math;
  const { randomBytes } = crypto;
  Math.random = () => (active ? active.random.next() : random());
  const virtual = (size: number): Buffer => {
    const world = active;
    if (!world) return randomBytes(size);
    return Buffer.from(Array.from({ length: size }, () => world.random.whole(0, 255)));
  };
  Object.assign(crypto, { randomBytes: virtual });
  syncBuiltinESMExports();
}

Object.assign(globalThis, timers());
clocks();
dice();
