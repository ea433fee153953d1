import { setTimeout as pause } from "node:timers/promises";
import type { DevRegistry } from "rollcall/dev-registry";
import type { Balance } from "./balance.js";
import type { Member } from "./member.js";
import type { Phases } from "./phases.js";
import type { Screen } from "./screen.js";
import { type Call, failures, p99 } from "./traffic.js";

/** How long traffic is watched in each phase, in seconds; less on a machine that is slow. */
const PHASE_S = 4;
const PHASES = 5;
const SLOW_MS = 400;
/** When the last phase should be over, in seconds. */
const END_S = 27;

export interface Stage {
  readonly screen: Screen;
  readonly registry: DevRegistry;
  readonly phases: Phases;
  readonly members: readonly Member[];
  readonly balance: Balance;
}

/** What happens to the instances, one thing after the other, and what the clients notice of it. */
export class Story {
  readonly #stage: Stage;
  readonly #interrupted = new AbortController();
  #phasesLeft = PHASES;
  #crashed: Member | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Ends the story where it is. */
  interrupt(why: string): void {
    this.#interrupted.abort(why);
  }

  async tell(): Promise<void> {
    const { screen, phases, members } = this.#stage;
    const drawing = setInterval(() => this.#drawTable(), 250);
    const [a, b, c, d] = members as [Member, Member, Member, Member];
    try {
      screen.say(`a registry at ${this.#stage.registry.endpoint}`);
      await this.#unlessInterrupted(Promise.all([a, b, c].map((member) => member.start())));
      screen.say("A, B and C serve and are listed; two clients call");
      phases.start();
      await this.#watch("three instances");
      await this.#join(d);
      await this.#stop(a);
      await this.#crash(b);
      await this.#slowDown(c);
    } catch (error) {
      if (!this.#interrupted.signal.aborted) throw error;
      screen.say(`${this.#interrupted.signal.reason}: this is the summary so far`);
      phases.end("when it ended");
    }
    clearInterval(drawing);
    this.#drawTable();
    // What is still under way belongs to the last phase, or to the one that was interrupted.
    await Promise.race([phases.stop(), pause(2_500)]);
    if (phases.current.length > 0) phases.end("the last calls");
  }

  /** Whether every call that Rollcall lost was lost to the crash. */
  sumUp(): boolean {
    const { screen, phases } = this.#stage;
    for (const line of phases.table()) screen.line(line);
    const failed = phases.all.filter(({ error }) => error);
    const others = failed.filter(({ instance }) => instance !== this.#crashed?.address);
    screen.line(
      `Rollcall: ${failed.length - others.length} lost to the SIGKILL, ${others.length} lost to anything else`,
    );
    if (others.length > 0) screen.line(`  ${failures(others)}`);
    return others.length === 0;
  }

  async #join(member: Member): Promise<void> {
    const { screen, registry } = this.#stage;
    screen.say(`${member.name} joins`);
    const known = registry.list("order.rpc/");
    const isNew = () => [...registry.list("order.rpc/").keys()].some((key) => !known.has(key)) || undefined;
    const listed = this.#soon(isNew).then(() => performance.now());
    const [, listedAt] = await this.#unlessInterrupted(Promise.all([member.start(), listed]));
    const first = await this.#soon(() => this.#callsTo(member, listedAt)[0]);
    const ms = Math.max(0, first.startedAt - listedAt).toFixed(0);
    screen.say(`  listed, and ${ms} ms later it had its first call`);
    await this.#watch("D joins");
  }

  /** A deploy: SIGTERM. */
  async #stop(member: Member): Promise<void> {
    const { screen } = this.#stage;
    screen.say(`${member.name} gets SIGTERM`);
    const from = performance.now();
    const status = await this.#unlessInterrupted(member.stop());
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    screen.say(`  it drained and ended after ${seconds} s with status ${status}`);
    await this.#watch("A stops, SIGTERM");
  }

  /** A crash: SIGKILL. */
  async #crash(member: Member): Promise<void> {
    const { screen } = this.#stage;
    screen.say(`${member.name} gets SIGKILL`);
    this.#crashed = member;
    const from = performance.now();
    await member.kill();
    await this.#watch("B dies, SIGKILL");
    const lost = this.#callsTo(member, from).filter(({ error }) => error);
    const last = Math.max(from, ...lost.map(({ startedAt }) => startedAt)) - from;
    const when = lost.length === 0 ? "" : `, the last ${last.toFixed(0)} ms after`;
    screen.say(`  calls lost with it: ${lost.length}${when}`);
  }

  async #slowDown(member: Member): Promise<void> {
    const { screen, phases } = this.#stage;
    const before = share(member, phases.since(performance.now() - 1_000));
    screen.say(`${member.name} turns slow: ${SLOW_MS} ms a call`);
    member.slowDown(SLOW_MS);
    const calls = await this.#watch("C turns slow");
    screen.say(`  its share of the calls: ${percent(before)}, now ${percent(share(member, calls))}`);
  }

  /** Lets traffic flow for a while and tells what became of Rollcall's calls since the last phase. */
  async #watch(name: string): Promise<readonly Call[]> {
    const { screen, phases } = this.#stage;
    await pause(
      1000 * Math.max(1, Math.min(PHASE_S, (END_S - screen.seconds) / this.#phasesLeft)),
      undefined,
      this.#interrupted,
    );
    this.#phasesLeft -= 1;
    const calls = phases.end(name);
    const failed = calls.filter(({ error }) => error);
    screen.say(`  ${calls.length} calls, ${failed.length} failed, p99 ${p99(calls)}`);
    if (failed.length > 0) screen.say(`  ${failures(failed)}`);
    return calls;
  }

  #callsTo({ address }: Member, since: number): readonly Call[] {
    return this.#stage.phases.since(since).filter(({ instance }) => instance === address);
  }

  #drawTable(): void {
    const { screen, registry, phases, members, balance } = this.#stage;
    const listed = new Set(registry.list("order.rpc/").values());
    const recent = phases.since(performance.now() - 1_000);
    const rows = members.map((member) => {
      const { name, address, state } = member;
      const { ewmaMs, inFlight, calls } = balance.instances.get(address) ?? { calls: 0, ewmaMs: 0, inFlight: 0 };
      const serves = state === "serving" || state === "slow";
      return [
        `${name} ${address.replace("127.0.0.1", "")}`,
        listed.has(address) === serves ? state : `${state}${serves ? ", not" : ", still"} listed`,
        percent(share(member, recent)),
        calls === 0 ? "" : `${ewmaMs.toFixed(1)} ms`,
        serves ? String(inFlight) : "",
      ];
    });
    const row = ([instance, state, share, ewma, inFlight]: string[]) =>
      `  ${instance!.padEnd(9)}${state!.padEnd(22)}${share!.padStart(7)}${ewma!.padStart(10)}${inFlight!.padStart(9)}`;
    screen.table(["", row(["instance", "state", "share", "latency", "running"]), ...rows.map(row), ""]);
  }

  /** What `look` finds, as soon as it finds something. */
  async #soon<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await pause(1, undefined, this.#interrupted);
    }
  }

  async #unlessInterrupted<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#interrupted;
    const interrupted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    interrupted.catch(() => {});
    return Promise.race([promise, interrupted]);
  }
}

/** Part of the calls that an instance got. */
function share({ address }: Member, calls: readonly Call[]): number {
  return calls.filter(({ instance }) => instance === address).length / (calls.length || 1);
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
