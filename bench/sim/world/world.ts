import type { MakePolicy, Policy } from "../policies/policy.js";
import { type Kind, LENGTH_MS, type Scenario } from "../scenarios/scenario.js";
import { letArrive } from "./arrivals.js";
import { Clock } from "./clock.js";
import { Network } from "./connection.js";
import { exponential, seeded } from "./random.js";
import { type Figures, figures } from "./result.js";
import { type Call, type Copy, type Mode, Server } from "./server.js";

export type { Kind, Mode, Scenario };

export interface Result extends Figures {
  readonly failed: number;
  /** Second copies of calls. */
  readonly copies: number;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** Calls each server got. */
  readonly shares: readonly number[];
  readonly mostRunning: number;
  readonly world: World;
}

/** One run of a scenario under one policy: a discrete-event simulation in virtual time. */
export class World {
  readonly servers: readonly Server[];
  readonly lengthMs: number;
  /** For what the scenario itself draws; the same for every policy. */
  readonly random: () => number;
  readonly #clock = new Clock();
  readonly #clients: readonly Policy[];
  readonly #scenario: Scenario;
  readonly #warmMs: number;
  readonly #kinds: readonly Kind[];
  readonly #latencies: ReadonlyMap<Kind, number[]>;
  /** For second copies and attempts, so that the calls themselves are the same with and without. */
  readonly #again: () => number;
  #failed = 0;
  #copies = 0;
  #retries = 0;
  #mostRunning = 0;
  /** Told of every counted call: its server (-1 where it was not sent), when it started and whether it succeeded. */
  onCall: ((server: number, start: number, ok: boolean) => void) | undefined;

  constructor(scenario: Scenario, make: MakePolicy, seed: number) {
    this.#scenario = scenario;
    this.#warmMs = scenario.warmMs ?? 0;
    this.lengthMs = scenario.lengthMs ?? LENGTH_MS;
    const { serviceMs = 10, service = exponential } = scenario;
    this.#kinds = scenario.kinds ?? [{ name: "/any", share: 1, ms: serviceMs, service }];
    const meanMs = this.#kinds.reduce((sum, { share, ms }) => sum + share * ms, 0);
    this.#latencies = new Map(this.#kinds.map((kind) => [kind, []]));
    this.random = seeded(seed);
    this.#again = seeded(seed * 32452843);
    const clock = this.#clock;
    const network = new Network(scenario.loss ?? 0, seeded(seed * 15485863), (ms, act) => clock.after(ms, act));
    const answers = {
      done: (copy: Copy, ok: boolean) => {
        if (ok) network.send(copy.call.client, copy.server, () => this.#ended(copy, true));
        else this.#ended(copy, false);
      },
      refused: (copy: Copy, forMs: number) => this.#refused(copy, forMs),
    };
    this.servers = Array.from({ length: scenario.servers }, (_, i) => new Server(scenario, i, clock, answers));
    this.#clients = scenario.rates.map((_, i) =>
      make({
        now: () => clock.now,
        random: seeded(seed * 7919 + i + 1),
        clients: scenario.rates.length,
        expected: (server) => this.servers[server]!.expected(meanMs),
        probe: (server, answered) => this.servers[server]!.probe(answered),
      }),
    );
    this.setMembers(scenario.members ?? this.servers.map((_, i) => i));
    scenario.plot?.(this);
    scenario.rates.forEach((rate, i) => {
      this.#arrivals(i, rate, seeded(seed * 104729 + i + 1));
    });
  }

  get now(): number {
    return this.#clock.now;
  }

  /** Runs the action at this time. */
  at(time: number, action: () => void): void {
    this.#clock.at(time, action);
  }

  setMembers(members: readonly number[]): void {
    for (const client of this.#clients) client.set(members);
  }

  setMode(server: number, mode: Mode): void {
    this.servers[server]!.mode = mode;
  }

  run(): Result {
    this.#clock.run();
    return {
      ...figures(this.#latencies),
      failed: this.#failed,
      copies: this.#copies,
      retries: this.#retries,
      shares: this.servers.map((server) => server.calls),
      mostRunning: this.#mostRunning,
      world: this,
    };
  }

  #arrivals(client: number, rate: number, random: () => number): void {
    letArrive(
      this.#clock,
      { scenario: this.#scenario, kinds: this.#kinds, rate, endMs: this.lengthMs, random },
      {
        pick: (kind) => this.#pick(client, kind),
        call: (kind, demand, server, luck) =>
          this.#call({ client, kind, start: this.now, attempt: 1, demand }, server, luck),
      },
    );
  }

  /** undefined where all servers have said that they are full. */
  #pick(client: number, kind: Kind, tried?: number): number | undefined {
    const policy = this.#clients[client]!;
    return policy.isFull?.() ? undefined : policy.pick(kind.name, tried);
  }

  #call(
    made: Pick<Call, "client" | "kind" | "start" | "attempt" | "demand">,
    server: number | undefined,
    luck: number,
  ): void {
    const { client, kind, start, attempt, demand } = made;
    const began = this.now;
    const call: Call = { client, kind, start, began, attempt, demand, copies: [], sentAgain: false, over: false };
    if (server === undefined) {
      this.#over(call, undefined);
      return;
    }
    this.#copy(call, server, call.demand, luck);
    const { deadlineMs } = this.#scenario;
    if (deadlineMs !== undefined) this.#clock.after(deadlineMs, () => this.#giveUp(call));
    const { hedging } = this.#clients[call.client]!;
    const delayMs = hedging?.started(call.kind.name);
    if (delayMs !== undefined) this.#hedgeAfter(delayMs, call, true);
  }

  #copy(call: Call, to: number, demand: number, luck: number): void {
    this.#clients[call.client]!.start(to, call.kind.name);
    const copy: Copy = {
      call,
      server: to,
      start: this.now,
      demand,
      admitted: false,
      found: 0,
      serving: false,
      over: false,
      report: undefined,
    };
    call.copies.push(copy);
    const server = this.servers[to]!;
    if (this.now >= this.#warmMs) server.calls += 1;
    server.take(copy, luck);
    this.#mostRunning = Math.max(this.#mostRunning, server.running);
  }

  #hedgeAfter(delayMs: number, call: Call, outlived: boolean): void {
    this.#clock.after(delayMs, () => {
      const { hedging } = this.#clients[call.client]!;
      if (call.over || this.now >= 2 * this.lengthMs) return;
      if (hedging!.take(call.kind.name, outlived)) {
        if (this.#sendAgain(call, call.copies[0]!.server) && call.start >= this.#warmMs) this.#copies += 1;
      } else {
        // As the product does: a call that may have no copy now asks again when it is twice as late.
        this.#hedgeAfter(2 * delayMs, call, false);
      }
    });
  }

  /** @returns false where all servers have said that they are full. */
  #sendAgain(call: Call, tried: number): boolean {
    const server = this.#pick(call.client, call.kind, tried);
    if (server === undefined) return false;
    this.#copy(call, server, this.#demandAgain(call), this.#again());
    return true;
  }

  #demandAgain({ kind, demand }: Call): number {
    return this.#scenario.ownTime ? demand : kind.service(this.#again) * kind.ms;
  }

  #ended(copy: Copy, ok: boolean): void {
    const { call } = copy;
    if (copy.over) return;
    this.#close(copy, ok, false);
    const other = call.copies.find(({ over }) => !over);
    // One that fails leaves it to the other.
    if (other && !ok) return;
    if (other) this.#close(other, undefined, !this.#scenario.losersGoOn);
    this.#over(call, ok ? copy : undefined);
  }

  /** The server is full. */
  #refused(copy: Copy, forMs: number): void {
    const { call } = copy;
    if (copy.over) return;
    const policy = this.#clients[call.client]!;
    const again = policy.refused?.(copy.server, forMs) && !call.sentAgain;
    const failed = !policy.refused || policy.ignores?.(copy.server);
    this.#close(copy, failed ? false : undefined, false);
    if (call.copies.some(({ over }) => !over)) return;
    if (again) {
      call.sentAgain = true;
      call.copies.length = 0;
      if (this.#sendAgain(call, copy.server)) return;
    }
    this.#over(call, undefined);
  }

  /** The deadline has passed. */
  #giveUp(call: Call): void {
    if (call.over) return;
    for (const copy of call.copies) if (!copy.over) this.#close(copy, false, false);
    this.#over(call, undefined);
  }

  /** @param stop whether the server stops what it does for it. */
  #close(copy: Copy, ok: boolean | undefined, stop: boolean): void {
    const { call, server, start, report } = copy;
    copy.over = true;
    this.servers[server]!.leave(copy, stop);
    this.#clients[call.client]!.end(server, this.now - start, ok, call.kind.name, report);
  }

  #over(call: Call, winner: Copy | undefined): void {
    call.over = true;
    const { client, kind, start, attempt, copies } = call;
    const policy = this.#clients[client]!;
    const won = winner ? copies.indexOf(winner) + 1 : 0;
    const copyMs = copies[1] && this.now - copies[1].start;
    policy.hedging?.ended(kind.name, this.now - call.began, copies.length as 1 | 2, won as 0 | 1 | 2, copyMs);
    if (!winner && policy.retries?.(attempt)) {
      this.#retries += 1;
      const again = { client, kind, start, attempt: attempt + 1, demand: this.#demandAgain(call) };
      this.#call(again, this.#pick(client, kind, copies[0]?.server), this.#again());
      return;
    }
    this.onCall?.((winner ?? copies[0])?.server ?? -1, start, won > 0);
    if (start < this.#warmMs) return;
    this.#latencies.get(kind)!.push(this.now - start);
    if (won === 0) this.#failed += 1;
  }
}
