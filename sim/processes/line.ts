import { Backoff } from "../../src/async/backoff.js";
import type { ResolvedInstance } from "../../src/discovery/resolved-instance.js";
import type { Activity } from "../../src/membership/connection/activity.js";
import type { HealthWord, Line, LineEvents, Session, Transport } from "../../src/membership/connection/transport.js";
import type { End } from "../network/connection.js";
import type { Process } from "../world/process.js";
import type { World } from "../world/world.js";
import type { Message } from "./protocol.js";

/** As long as grpc-js' and the pool's: a dial that nobody answers. */
const CONNECT_MS = 10_000;
/** The waits between dials, as the pool has them. */
const REDIAL = { initialMs: 250, maxMs: 5_000 };
/** A connection that was lost sooner than this, in milliseconds, is dialled again after a wait, as if it had failed. */
const SHORT_LIVED_MS = 5_000;

/** It belongs to the instance, not to a line: one that accepts connections and drops them is not dialled without pause. */
interface Redial {
  readonly backoff: Backoff;
  waitMs: number;
}

/** How a call on a session ended; "not started" proves that the server has not begun with it. */
export type CallEnd = "answered" | "not started" | "lost";

/** Connects clients to servers in the simulated network, as grpc-js' subchannels do in a real one. */
export class SimulatedTransport implements Transport<ResolvedInstance, SimulatedSession> {
  readonly #world: World;
  readonly #process: Process;
  readonly #redial: Redial = { backoff: new Backoff(REDIAL), waitMs: 0 };

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  line(listed: ResolvedInstance, events: LineEvents<SimulatedSession>): Line {
    return new SimulatedLine(this.#world, this.#process, listed.instance.address, events, this.#redial);
  }
}

class SimulatedLine implements Line {
  readonly #world: World;
  readonly #process: Process;
  readonly #address: string;
  readonly #events: LineEvents<SimulatedSession>;
  readonly #redial: Redial;
  #session: SimulatedSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dialled: End | undefined;
  #closed = false;
  #upSince = 0;

  constructor(world: World, process: Process, address: string, events: LineEvents<SimulatedSession>, redial: Redial) {
    this.#world = world;
    this.#process = process;
    this.#address = address;
    this.#events = events;
    this.#redial = redial;
  }

  start(): void {
    this.#timer = setTimeout(() => this.#dial(), this.#redial.waitMs);
  }

  #dial(): void {
    let over = false;
    const fail = (reason: string) => {
      if (over || this.#closed) return;
      over = true;
      clearTimeout(limit);
      this.#dialled?.close();
      this.#dialled = undefined;
      this.#events.failed(`${this.#address}: ${reason}`);
      this.#redial.waitMs = this.#redial.backoff.next();
      this.start();
    };
    const limit = setTimeout(() => fail("nobody answers"), CONNECT_MS);
    this.#timer = limit;
    this.#world.dials(this.#process, this.#address);
    const connected = (end: End) => {
      if (over || this.#closed) return end.close();
      this.#dialled = end;
      end.ear = {
        message: () => {
          if (over || this.#closed) return;
          over = true;
          clearTimeout(limit);
          this.#dialled = undefined;
          this.#up(new SimulatedSession(end, this.#address, this.#events, () => this.#wasLost()));
        },
        closed: () => fail("the connection was closed"),
      };
    };
    this.#world.network.dial(this.#process, this.#address, connected, () => fail("ECONNREFUSED"));
  }

  #up(session: SimulatedSession): void {
    this.#session = session;
    this.#upSince = performance.now();
    this.#redial.waitMs = 0;
    this.#events.connected(session);
  }

  #wasLost(): void {
    if (performance.now() - this.#upSince < SHORT_LIVED_MS) this.#redial.waitMs = this.#redial.backoff.next();
    else this.#redial.backoff.reset();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#dialled?.close();
    this.#session?.close();
  }
}

export class SimulatedSession implements Session {
  readonly address: string;
  /** What the server last said of its health; undefined before its first word. */
  word: boolean | undefined;
  /** When it said so, in virtual milliseconds. */
  wordAt = 0;
  readonly #end: End;
  readonly #events: LineEvents<SimulatedSession>;
  readonly #calls = new Map<number, (end: CallEnd) => void>();
  readonly #probes = new Set<() => void>();
  /** Told before the events are. */
  readonly #wasLost: () => void;
  #tell: ((word: HealthWord) => void) | undefined;
  #lastId = 0;
  #draining = false;
  #over = false;

  constructor(end: End, address: string, events: LineEvents<SimulatedSession>, lost: () => void) {
    this.#wasLost = lost;
    this.#end = end;
    this.address = address;
    this.#events = events;
    end.ear = { message: (message) => this.#receive(message as Message), closed: () => this.#lost() };
  }

  /** To be told of the calls on it. */
  get activity(): Activity {
    return this.#events.activity;
  }

  /** @returns gives the call up. */
  call(workMs: number, ended: (end: CallEnd) => void): () => void {
    if (this.#over || this.#draining) {
      // Never before the caller knows how to give it up.
      let wanted = true;
      queueMicrotask(() => {
        if (wanted) ended("not started");
      });
      return () => {
        wanted = false;
      };
    }
    this.#lastId += 1;
    const id = this.#lastId;
    this.#calls.set(id, ended);
    this.#end.send({ is: "call", id, workMs });
    return () => {
      this.#calls.delete(id);
      this.#closeWhenIdle();
    };
  }

  readonly watchHealth = (tell: (word: HealthWord) => void): (() => void) => {
    this.#tell = tell;
    this.#end.send({ is: "watch health" });
    return () => {
      this.#tell = undefined;
    };
  };

  probe(answered: () => void): () => void {
    this.#probes.add(answered);
    this.#end.send({ is: "ping" });
    return () => this.#probes.delete(answered);
  }

  endCalls(): void {
    for (const [id, ended] of [...this.#calls]) {
      this.#calls.delete(id);
      ended("lost");
    }
    this.#end.close();
  }

  /** After the last call. */
  close(): void {
    this.#draining = true;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#draining || this.#calls.size > 0) return;
    this.#over = true;
    this.#end.close();
  }

  #receive(message: Message): void {
    if (message.is === "health") {
      this.word = message.serving;
      this.wordAt = performance.now();
      this.#tell?.({ serving: message.serving });
    } else if (message.is === "pong") {
      for (const answered of [...this.#probes]) answered();
      this.#probes.clear();
    } else if (message.is === "answer") this.#ended(message.id, "answered");
    else if (message.is === "refused") this.#ended(message.id, "not started");
    else if (message.is === "go away") {
      this.#draining = true;
      this.#wasLost();
      this.#events.lost();
      this.#closeWhenIdle();
    }
  }

  #ended(id: number, how: CallEnd): void {
    const ended = this.#calls.get(id);
    this.#calls.delete(id);
    ended?.(how);
    this.#closeWhenIdle();
  }

  #lost(): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#draining) {
      this.#wasLost();
      this.#events.lost();
    }
    for (const ended of this.#calls.values()) ended("lost");
    this.#calls.clear();
  }
}
