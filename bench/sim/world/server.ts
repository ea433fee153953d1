import { SERVER_DEFAULTS } from "../../../src/defaults.js";
import { Shedding } from "../../../src/lifecycle/overload/shedding.js";
import { type Kind, LENGTH_MS, type Scenario } from "../scenarios/scenario.js";
import type { Clock } from "./clock.js";
import { Queue } from "./queue.js";
import { type ProbeAnswer, SelfReport, type ServerReport } from "./server-report.js";

/** What a server does with calls: serves, fails this share of them at once, or neither answers nor fails. */
export type Mode = { readonly fails: number } | "hangs";

/** A call of a client, however often it is sent. */
export interface Call {
  readonly client: number;
  readonly kind: Kind;
  /** When it was first made, and when this attempt at it was. */
  readonly start: number;
  readonly began: number;
  /** The first is 1. */
  readonly attempt: number;
  /** How long a worker is at it, in milliseconds. */
  readonly demand: number;
  readonly copies: Copy[];
  /** A full server refused it, and it was sent once more. */
  sentAgain: boolean;
  over: boolean;
}

/** A call as it was sent to one server. */
export interface Copy {
  readonly call: Call;
  readonly server: number;
  readonly start: number;
  readonly demand: number;
  /** The server counts it among those that it holds. */
  admitted: boolean;
  /** Calls that the server held when it came. */
  found: number;
  /** A worker is at it. */
  serving: boolean;
  /** The client has its answer, or has given up. */
  over: boolean;
  /** What the server said with its answer. */
  report: ServerReport | undefined;
}

/** Whom a server answers. */
export interface Answers {
  /** A copy is done; or has failed at once. */
  done(copy: Copy, ok: boolean): void;
  /** The server was full, and is for so long. */
  refused(copy: Copy, forMs: number): void;
}

/** A call that fails at once takes this long, and so does a probe, in milliseconds. */
const FAST_MS = 0.5;
/** What a probe, or a call that is refused, costs a server: milliseconds of a worker. */
const SMALL_WORK_MS = 0.1;
/** How often a server asks itself how busy it is, as src/lifecycle/overload does. */
const SAMPLE_MS = 100;
/** Share of its workers above which a server is full; the configuration has it in thousandths. */
const THRESHOLD = SERVER_DEFAULTS.CpuThreshold / 1_000;

/** Some workers and one queue. */
export class Server {
  readonly workers: number;
  slowness: number;
  /** Calls that came, of those that count. */
  calls = 0;
  /** Calls that their clients wait for. */
  running = 0;
  readonly #clock: Clock;
  readonly #answers: Answers;
  readonly #self = new SelfReport();
  readonly #shedding: Shedding | undefined;
  readonly #servesGivenUp: boolean;
  readonly #waiting = new Queue<Copy>();
  #mode: Mode = { fails: 0 };
  /** Work for others than calls, in milliseconds of a worker: it lengthens the next call. */
  #owedMs = 0;
  #busy = 0;
  #busyMs = 0;
  #changed = 0;

  constructor(scenario: Scenario, number: number, clock: Clock, answers: Answers) {
    this.workers = scenario.workers ?? 4;
    this.slowness = scenario.slowness?.(number) ?? 1;
    this.#servesGivenUp = scenario.servesGivenUp ?? false;
    this.#clock = clock;
    this.#answers = answers;
    if (!scenario.shedding) return;
    this.#shedding = new Shedding({ threshold: THRESHOLD, now: () => clock.now });
    this.#sampleUntil(scenario.lengthMs ?? LENGTH_MS, this.#shedding);
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    this.#work();
  }

  /** @param luck decides whether the call fails, where some do. */
  take(copy: Copy, luck: number): void {
    copy.found = this.running;
    this.running += 1;
    if (this.#mode !== "hangs" && luck < this.#mode.fails) {
      this.#clock.after(FAST_MS, () => this.#answer(copy, FAST_MS, false));
      return;
    }
    const fullForMs = this.#shedding?.refusal();
    if (fullForMs !== undefined) {
      this.#owedMs += SMALL_WORK_MS;
      this.#clock.after(FAST_MS, () => this.#answers.refused(copy, fullForMs));
      return;
    }
    copy.admitted = true;
    this.#shedding?.begin();
    this.#waiting.push(copy);
    this.#work();
  }

  /** The client waits no longer. @param stop whether a worker that is at it stops. */
  leave(copy: Copy, stop: boolean): void {
    this.running -= 1;
    if (!copy.admitted || (copy.serving && !stop)) return;
    this.#release(copy);
    if (!copy.serving) return;
    this.#freeWorker(copy);
    this.#work();
  }

  /** What it costs is done with the next call; one that hangs does not answer. */
  probe(answered: (answer: ProbeAnswer) => void): void {
    if (this.#mode === "hangs") return;
    this.#owedMs += SMALL_WORK_MS;
    this.#clock.after(FAST_MS, () => {
      const { running } = this;
      answered({ inFlight: running, latencyMs: this.#self.latencyAt(running, this.#clock.now) });
    });
  }

  /** Expected time to serve one more call. @param serviceMs mean of all kinds. */
  expected(serviceMs: number): number {
    if (this.#mode === "hangs" || this.#mode.fails > 0) return Number.MAX_VALUE;
    const one = serviceMs * this.slowness;
    const ahead = this.#busy + this.#waiting.length - this.workers + 1;
    return one + (Math.max(0, ahead) * one) / this.workers;
  }

  #work(): void {
    for (let copy = this.#next(); copy; copy = this.#next()) {
      const served = copy;
      this.#turn(1);
      served.serving = true;
      const serviceMs = (served.demand + this.#owedMs) * this.slowness;
      this.#owedMs = 0;
      this.#clock.after(serviceMs, () => {
        if (!served.serving) return;
        this.#freeWorker(served);
        if (served.admitted) this.#release(served, this.#clock.now - served.start);
        this.#answer(served, serviceMs, true);
        this.#work();
      });
    }
  }

  /** The next call to work on while a worker is free; one that was given up in the queue costs nothing, unless those are served too. */
  #next(): Copy | undefined {
    while (this.#mode !== "hangs" && this.#busy < this.workers && this.#waiting.length > 0) {
      const copy = this.#waiting.shift()!;
      if (!copy.over || this.#servesGivenUp) return copy;
    }
    return undefined;
  }

  #answer(copy: Copy, serviceMs: number, ok: boolean): void {
    const { now } = this.#clock;
    this.#self.ended({ found: copy.found, latencyMs: now - copy.start, ok }, now, this.#busyShareMs());
    copy.report = { inFlight: Math.max(0, this.running - 1), serviceMs, load: this.#self.load };
    this.#answers.done(copy, ok);
  }

  #release(copy: Copy, latencyMs?: number): void {
    copy.admitted = false;
    this.#shedding?.end(latencyMs);
  }

  #freeWorker(copy: Copy): void {
    this.#turn(-1);
    copy.serving = false;
  }

  #turn(by: 1 | -1): void {
    const { now } = this.#clock;
    this.#busyMs += this.#busy * (now - this.#changed);
    this.#changed = now;
    this.#busy += by;
  }

  /** For how long workers were busy until now, divided by their number, in milliseconds. */
  #busyShareMs(): number {
    return (this.#busyMs + this.#busy * (this.#clock.now - this.#changed)) / this.workers;
  }

  #sampleUntil(end: number, shedding: Shedding): void {
    let before = this.#busyShareMs();
    const sample = () => {
      const busyMs = this.#busyShareMs();
      // Workers do not hold up the event loop: what is late is late in the queue.
      shedding.sample({ utilisation: (busyMs - before) / SAMPLE_MS, delayMs: 0, tookMs: SAMPLE_MS });
      before = busyMs;
      if (this.#clock.now < end) this.#clock.after(SAMPLE_MS, sample);
    };
    this.#clock.after(SAMPLE_MS, sample);
  }
}
