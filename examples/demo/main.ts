// The demo: a registry, instances in processes of their own, and one client that never pauses while instances join, stop,
// crash and turn slow. The exit status is 0 only if no call was lost to anything but the crash.
import { setTimeout as pause } from "node:timers/promises";
import { createClient, setLogger } from "rollcall";
import { type DevRegistry, startDevRegistry } from "rollcall/dev-registry";
import { OrderClient } from "../order/order.js";
import { Balance } from "./balance.js";
import { Member } from "./member.js";
import { Screen } from "./screen.js";
import { type Call, failures, latencies, Traffic } from "./traffic.js";

const CALLS_PER_SECOND = 100;
/** How long traffic is watched before the first step and after each of four, in seconds; less on a machine that is slow. */
const WINDOW_S = 4;
const WINDOWS = 5;
const SLOW_MS = 400;
/** When the last window should be over, and when the demo gives up, in seconds. */
const END_S = 27;
const LIMIT_S = 29.5;

class Demo {
  readonly #screen: Screen;
  readonly #balance: Balance;
  readonly #registry: DevRegistry;
  readonly #members: readonly Member[];
  readonly #traffic: Traffic;
  /** Calls of the last window. */
  #watched: readonly Call[] = [];
  #windowsLeft = WINDOWS;

  constructor(screen: Screen, balance: Balance, registry: DevRegistry) {
    this.#screen = screen;
    this.#balance = balance;
    this.#registry = registry;
    this.#members = ["A", "B", "C", "D"].map((name) => new Member(name, registry.endpoint));
    const etcd = { Hosts: [registry.endpoint], Key: "order.rpc" };
    this.#traffic = new Traffic(createClient(OrderClient, { Etcd: etcd, Timeout: 2000 }), CALLS_PER_SECOND);
  }

  /** Resolves with whether every call that was lost was lost to the crash. */
  async run(): Promise<boolean> {
    const [a, b, c, d] = this.#members as [Member, Member, Member, Member];
    const drawing = setInterval(() => this.#drawTable(), 250);
    const limit = setTimeout(() => {
      this.#screen.say(`this took longer than ${LIMIT_S} s: giving up`);
      process.exit(1);
    }, LIMIT_S * 1000);

    this.#screen.say(`a registry at ${this.#registry.endpoint} (etcd's API, in memory) and a client of order.rpc`);
    await Promise.all([a, b, c].map((member) => member.start()));
    this.#screen.say(`A, B and C serve and are listed; the client makes ${CALLS_PER_SECOND} calls a second`);
    this.#traffic.start();
    await this.#watch();

    await this.#join(d);
    await this.#stop(a);
    await this.#crash(b);
    await this.#slowDown(c);

    clearInterval(drawing);
    this.#drawTable();
    await this.#traffic.stop();
    clearTimeout(limit);
    return this.#sumUp(b);
  }

  async #join(member: Member): Promise<void> {
    this.#screen.say(`${member.name} joins`);
    const known = this.#registry.list("order.rpc/");
    const isNew = () => [...this.#registry.list("order.rpc/").keys()].some((key) => !known.has(key)) || undefined;
    const [, listedAt] = await Promise.all([member.start(), soon(isNew).then(() => performance.now())]);
    const first = await soon(() => this.#callsTo(member, listedAt)[0]);
    const ms = Math.max(0, first.startedAt - listedAt).toFixed(0);
    this.#screen.say(`  ${member.address} was listed, and ${ms} ms later it had its first call`);
    await this.#watch();
  }

  /** A deploy: SIGTERM. */
  async #stop(member: Member): Promise<void> {
    this.#screen.say(`${member.name} gets SIGTERM`);
    const from = performance.now();
    const status = await member.stop();
    const lastCall = Math.max(from, ...this.#callsTo(member, from).map(({ startedAt }) => startedAt)) - from;
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    this.#screen.say(
      `  it left the list, got its last call after ${lastCall.toFixed(0)} ms, drained and ended after ${seconds} s with status ${status}`,
    );
    await this.#watch();
  }

  /** A crash: SIGKILL. */
  async #crash(member: Member): Promise<void> {
    this.#screen.say(`${member.name} gets SIGKILL`);
    const from = performance.now();
    await member.kill();
    await this.#watch(() => {
      const lost = this.#callsTo(member, from).filter(({ error }) => error);
      const last = Math.max(from, ...lost.map(({ startedAt }) => startedAt)) - from;
      return lost.length === 0
        ? "no call was running there, so none was lost"
        : `calls lost with it: ${lost.length}, the last begun ${last.toFixed(0)} ms after the signal`;
    });
  }

  async #slowDown(member: Member): Promise<void> {
    const before = share(member, this.#watched);
    this.#screen.say(`${member.name} turns slow: ${SLOW_MS} ms a call`);
    member.slowDown(SLOW_MS);
    await this.#watch(
      (calls) => `its share of the calls went from ${percent(before)} to ${percent(share(member, calls))}`,
    );
  }

  /** Lets traffic flow for a while and tells what became of it. */
  async #watch(finding = (_calls: readonly Call[]) => ""): Promise<void> {
    const from = performance.now();
    await pause(1000 * Math.max(1, Math.min(WINDOW_S, (END_S - this.#screen.seconds) / this.#windowsLeft)));
    this.#windowsLeft -= 1;
    const calls = this.#traffic.since(from);
    this.#watched = calls;
    const found = finding(calls);
    if (found) this.#screen.say(`  ${found}`);
    const failed = calls.filter(({ error }) => error);
    const why = failed.length > 0 ? ` (${failures(failed)})` : "";
    const shares = this.#members
      .filter((member) => share(member, calls) > 0)
      .map((member) => `${member.name} ${percent(share(member, calls))}`);
    this.#screen.say(
      `  ${calls.length} calls, ${failed.length} failed${why}; ${latencies(calls)}; ${shares.join(", ")}`,
    );
  }

  #sumUp(crashed: Member): boolean {
    const { calls } = this.#traffic;
    const failed = calls.filter(({ error }) => error);
    const others = failed.filter(({ instance }) => instance !== crashed.address);
    this.#screen.say(
      `${calls.length} calls, ${calls.length - failed.length} succeeded, ${failed.length - others.length} lost to the SIGKILL, ` +
        `${others.length} lost to anything else; ${latencies(calls)}`,
    );
    if (others.length > 0) this.#screen.say(`  ${failures(others)}`);
    return others.length === 0;
  }

  #callsTo({ address }: Member, since: number): Call[] {
    return this.#traffic.since(since).filter(({ instance }) => instance === address);
  }

  #drawTable(): void {
    const listed = new Set(this.#registry.list("order.rpc/").values());
    const recent = this.#traffic.since(performance.now() - 1_000);
    const rows = this.#members.map((member) => {
      const { name, address, state } = member;
      const { calls, ewmaMs, inFlight } = this.#balance.instances.get(address) ?? { calls: 0, ewmaMs: 0, inFlight: 0 };
      const serves = state === "serving" || state === "slow";
      return [
        `${name} ${address}`,
        listed.has(address) === serves ? state : `${state}, ${serves ? "not" : "still"} listed`,
        String(calls),
        percent(share(member, recent)),
        calls === 0 ? "" : `${ewmaMs.toFixed(1)} ms`,
        serves ? String(inFlight) : "",
      ];
    });
    const titles = ["instance", "state", "calls", "share", "EWMA latency", "in flight"];
    const row = ([instance, state, calls, share, ewma, inFlight]: string[]) =>
      `  ${instance!.padEnd(18)}${state!.padEnd(21)}${calls!.padStart(6)}${share!.padStart(8)}` +
      `${ewma!.padStart(13)}${inFlight!.padStart(10)}`;
    this.#screen.table(["", row(titles), ...rows.map(row), ""]);
  }
}

/** What `look` finds, as soon as it finds something. */
async function soon<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await pause(1);
  }
}

/** Part of the calls that an instance got. */
function share({ address }: Member, calls: readonly Call[]): number {
  return calls.filter(({ instance }) => instance === address).length / (calls.length || 1);
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

const screen = new Screen();
const balance = new Balance((warning) => screen.say(`  rollcall warns: ${warning}`));
setLogger(balance, "debug");
const demo = new Demo(screen, balance, await startDevRegistry());
process.exit((await demo.run()) ? 0 : 1);
