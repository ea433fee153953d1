import { Agenda } from "./agenda.js";
import { Connection } from "./connection.js";
import type { MakePolicy, Policy } from "./policy.js";
import { exponential, seeded } from "./random.js";
import type { Kind, Scenario } from "./scenario.js";
import { type Call, type Copy, type Mode, Server } from "./server.js";

export type { Kind, Mode, Scenario };

export interface Result {
  readonly calls: number;
  readonly failed: number;
  /** Second copies of calls. */
  readonly copies: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  /** Of each kind of call, in the order of the scenario's kinds. */
  readonly kindP99Ms: readonly number[];
  /** Calls each server got. */
  readonly shares: readonly number[];
  readonly mostRunning: number;
  readonly world: World;
}

/** A call that fails at once takes this long. */
const FAST_FAILURE_MS = 0.5;

/** One run of a scenario under one policy: a discrete-event simulation in virtual time. */
export class World {
  now = 0;
  readonly servers: Server[];
  readonly lengthMs: number;
  /** For what the scenario itself draws; the same for every policy. */
  readonly random: () => number;
  readonly #clients: Policy[];
  readonly #agenda = new Agenda();
  readonly #actions: (() => void)[] = [];
  readonly #scenario: Scenario;
  readonly #kinds: readonly Kind[];
  /** Mean time to serve a call of any kind. */
  readonly #serviceMs: number;
  readonly #latencies: ReadonlyMap<Kind, number[]>;
  readonly #lossy: () => number;
  /** For second copies, so that the calls themselves are the same with and without. */
  readonly #again: () => number;
  readonly #connections = new Map<number, Connection>();
  #failed = 0;
  #copies = 0;
  #mostRunning = 0;
  /** Told of every counted call: its server, when it started and whether it succeeded. */
  onCall: ((server: number, start: number, ok: boolean) => void) | undefined;

  constructor(scenario: Scenario, make: MakePolicy, seed: number) {
    this.#scenario = scenario;
    this.lengthMs = scenario.lengthMs ?? 30_000;
    const { serviceMs = 10, service = exponential } = scenario;
    this.#kinds = scenario.kinds ?? [{ name: "/any", share: 1, ms: serviceMs, service }];
    this.#serviceMs = this.#kinds.reduce((sum, { share, ms }) => sum + share * ms, 0);
    this.#latencies = new Map(this.#kinds.map((kind) => [kind, []]));
    this.random = seeded(seed);
    this.#lossy = seeded(seed * 15485863);
    this.#again = seeded(seed * 32452843);
    this.servers = Array.from(
      { length: scenario.servers },
      (_, i) => new Server(scenario.workers ?? 4, scenario.slowness?.(i) ?? 1),
    );
    const members = scenario.members ?? this.servers.map((_, i) => i);
    this.#clients = scenario.rates.map((_, i) =>
      make({ now: () => this.now, random: seeded(seed * 7919 + i + 1), expected: (server) => this.#expected(server) }),
    );
    this.setMembers(members);
    scenario.plot?.(this);
    scenario.rates.forEach((rate, i) => {
      this.#arrivals(i, rate, seeded(seed * 104729 + i + 1));
    });
  }

  /** Runs the action at this time. */
  at(time: number, action: () => void): void {
    this.#actions.push(action);
    this.#agenda.add(time, this.#actions.length - 1);
  }

  setMembers(members: readonly number[]): void {
    for (const client of this.#clients) client.set(members);
  }

  setMode(server: number, mode: Mode): void {
    this.servers[server]!.mode = mode;
    this.#work(this.servers[server]!);
  }

  run(): Result {
    while (this.#agenda.size > 0) {
      this.now = this.#agenda.nextTime;
      const item = this.#agenda.take();
      const action = this.#actions[item]!;
      action();
    }
    const kinds = [...this.#latencies.values()].map((latencies) => Float64Array.from(latencies).sort());
    const sorted = Float64Array.from([...this.#latencies.values()].flat()).sort();
    return {
      calls: sorted.length,
      failed: this.#failed,
      copies: this.#copies,
      meanMs: sorted.reduce((sum, latency) => sum + latency, 0) / sorted.length,
      p99Ms: p99(sorted),
      kindP99Ms: kinds.map(p99),
      shares: this.servers.map((server) => server.calls),
      mostRunning: this.#mostRunning,
      world: this,
    };
  }

  #arrivals(client: number, rate: number, random: () => number): void {
    const { burst = 1 } = this.#scenario;
    const policy = this.#clients[client]!;
    const gap = () => ((burst > 1 ? 1 : exponential(random)) * 1_000 * burst) / rate;
    const arrive = () => {
      const picks = Array.from({ length: burst }, () => {
        const kind = this.#drawKind(random);
        return { kind, server: policy.pick(kind.name) };
      });
      for (const { kind, server } of picks) {
        policy.start(server, kind.name);
        const demand = kind.service(random) * kind.ms;
        this.#call(client, server, kind, demand, random());
      }
      schedule();
    };
    this.#actions.push(arrive);
    const item = this.#actions.length - 1;
    const schedule = () => {
      const time = this.now + gap();
      if (time < this.lengthMs) this.#agenda.add(time, item);
    };
    schedule();
  }

  #drawKind(random: () => number): Kind {
    if (this.#kinds.length === 1) return this.#kinds[0]!;
    let rest = random();
    for (const kind of this.#kinds) {
      rest -= kind.share;
      if (rest < 0) return kind;
    }
    return this.#kinds.at(-1)!;
  }

  #call(client: number, server: number, kind: Kind, demand: number, luck: number): void {
    const call: Call = { client, kind, start: this.now, copies: [], over: false };
    this.#copy(call, server, demand, luck);
    const { deadlineMs } = this.#scenario;
    if (deadlineMs !== undefined) this.#later(deadlineMs, () => this.#giveUp(call));
    const { hedging } = this.#clients[client]!;
    const delayMs = hedging?.started(kind.name);
    if (delayMs !== undefined) this.#later(delayMs, () => this.#hedge(call, demand));
  }

  #copy(call: Call, to: number, demand: number, luck: number): void {
    const copy: Copy = { call, server: to, start: this.now, demand, serving: false, over: false };
    call.copies.push(copy);
    const server = this.servers[to]!;
    if (this.now >= (this.#scenario.warmMs ?? 0)) server.calls += 1;
    server.running += 1;
    if (server.running > this.#mostRunning) this.#mostRunning = server.running;
    if (server.mode !== "hangs" && luck < server.mode.fails) {
      this.#later(FAST_FAILURE_MS, () => this.#ended(copy, false));
      return;
    }
    server.add(copy);
    this.#work(server);
  }

  #hedge(call: Call, demand: number): void {
    const policy = this.#clients[call.client]!;
    const { kind } = call;
    if (call.over || !policy.hedging?.take(kind.name)) return;
    const server = policy.pick(kind.name, call.copies[0]!.server);
    policy.start(server, kind.name);
    if (call.start >= (this.#scenario.warmMs ?? 0)) this.#copies += 1;
    const again = this.#scenario.ownTime ? demand : kind.service(this.#again) * kind.ms;
    this.#copy(call, server, again, this.#again());
  }

  #work(server: Server): void {
    for (let copy = server.next(); copy; copy = server.next()) {
      const served = copy;
      server.busy += 1;
      served.serving = true;
      this.#later(copy.demand * server.slowness, () => {
        if (!served.serving) return;
        served.serving = false;
        server.busy -= 1;
        this.#send(served);
        this.#work(server);
      });
    }
  }

  /** The answer of a call, by the connection of its client to its server. */
  #send(copy: Copy): void {
    const { loss = 0 } = this.#scenario;
    if (loss === 0) {
      this.#ended(copy, true);
      return;
    }
    const id = copy.call.client * this.servers.length + copy.server;
    const connection =
      this.#connections.get(id) ?? new Connection(loss, this.#lossy, (ms, act) => this.#later(ms, act));
    this.#connections.set(id, connection);
    connection.send(() => this.#ended(copy, true));
  }

  #ended(copy: Copy, ok: boolean): void {
    const { call } = copy;
    if (copy.over) return;
    this.#close(copy, ok);
    const other = call.copies.find(({ over }) => !over);
    // One that fails leaves it to the other.
    if (other && !ok) return;
    if (other) this.#cancel(other);
    this.#over(call, ok ? copy : undefined);
  }

  #cancel(copy: Copy): void {
    this.#close(copy, undefined);
    if (!copy.serving || this.#scenario.losersGoOn) return;
    copy.serving = false;
    const server = this.servers[copy.server]!;
    server.busy -= 1;
    this.#work(server);
  }

  /** The deadline has passed. */
  #giveUp(call: Call): void {
    if (call.over) return;
    for (const copy of call.copies) if (!copy.over) this.#close(copy, false);
    this.#over(call, undefined);
  }

  #close(copy: Copy, ok: boolean | undefined): void {
    copy.over = true;
    this.servers[copy.server]!.running -= 1;
    this.#clients[copy.call.client]!.end(copy.server, this.now - copy.start, ok, copy.call.kind.name);
  }

  #over(call: Call, winner: Copy | undefined): void {
    call.over = true;
    const { client, kind, start, copies } = call;
    const latency = this.now - start;
    const won = winner ? copies.indexOf(winner) + 1 : 0;
    this.#clients[client]!.hedging?.ended(kind.name, latency, copies.length as 1 | 2, won as 0 | 1 | 2);
    this.onCall?.((winner ?? copies[0]!).server, start, won > 0);
    if (start < (this.#scenario.warmMs ?? 0)) return;
    this.#latencies.get(kind)!.push(latency);
    if (won === 0) this.#failed += 1;
  }

  readonly #free: number[] = [];

  /** Like at(), for actions that run once and are many. */
  #later(delay: number, action: () => void): void {
    const item = this.#free.pop() ?? this.#actions.length;
    this.#actions[item] = () => {
      this.#free.push(item);
      action();
    };
    this.#agenda.add(this.now + delay, item);
  }

  #expected(to: number): number {
    const server = this.servers[to]!;
    if (server.mode === "hangs" || server.mode.fails > 0) return Number.MAX_VALUE;
    const one = this.#serviceMs * server.slowness;
    const ahead = server.busy + server.waiting - server.workers + 1;
    return one + (Math.max(0, ahead) * one) / server.workers;
  }
}

function p99(sorted: Float64Array): number {
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
