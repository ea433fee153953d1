import { Backoff } from "../../src/async/backoff.js";
import type { ResolvedInstance } from "../../src/discovery/resolved-instance.js";
import type { Activity } from "../../src/membership/activity.js";
import type { HealthWord, Line, LineEvents, Session, Transport } from "../../src/membership/transport.js";
import type { End } from "../network/connection.js";
import type { Process } from "../world/process.js";
import type { World } from "../world/world.js";
import type { Message } from "./protocol.js";

/** As long as grpc-js' and the pool's: a dial that nobody answers. */
const CONNECT_MS = 10_000;
/** The waits between dials of grpc's subchannels, as Rollcall sets them. */
const REDIAL = { initialMs: 250, maxMs: 5_000 };

/** How a call on a session ended; "not started" proves that the server has not begun with it. */
export type CallEnd = "answered" | "not started" | "lost";

/** Connects clients to servers in the simulated network, as grpc-js' subchannels do in a real one. */
export class SimulatedTransport implements Transport<ResolvedInstance, SimulatedSession> {
  readonly #world: World;
  readonly #process: Process;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  line(listed: ResolvedInstance, events: LineEvents<SimulatedSession>): Line {
    return new SimulatedLine(this.#world, this.#process, listed.instance.address, events);
  }
}

class SimulatedLine implements Line {
  readonly #world: World;
  readonly #process: Process;
  readonly #address: string;
  readonly #events: LineEvents<SimulatedSession>;
  readonly #backoff = new Backoff(REDIAL);
  #session: SimulatedSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dialled: End | undefined;
  #closed = false;

  constructor(world: World, process: Process, address: string, events: LineEvents<SimulatedSession>) {
    this.#world = world;
    this.#process = process;
    this.#address = address;
    this.#events = events;
  }

  start(): void {
    let over = false;
    const fail = (reason: string) => {
      if (over || this.#closed) return;
      over = true;
      clearTimeout(limit);
      this.#dialled?.close();
      this.#dialled = undefined;
      this.#events.failed(`${this.#address}: ${reason}`);
      this.#timer = setTimeout(() => this.start(), this.#backoff.next());
    };
    const limit = setTimeout(() => fail("nobody answers"), CONNECT_MS);
    this.#timer = limit;
    this.#world.dials(this.#process);
    const connected = (end: End) => {
      if (over || this.#closed) return end.close();
      this.#dialled = end;
      end.ear = {
        message: () => {
          if (over || this.#closed) return;
          over = true;
          clearTimeout(limit);
          this.#dialled = undefined;
          this.#session = new SimulatedSession(end, this.#address, this.#events);
          this.#events.connected(this.#session);
        },
        closed: () => fail("the connection was closed"),
      };
    };
    this.#world.network.dial(this.#process, this.#address, connected, () => fail("ECONNREFUSED"));
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
  #tell: ((word: HealthWord) => void) | undefined;
  #lastId = 0;
  #draining = false;
  #over = false;

  constructor(end: End, address: string, events: LineEvents<SimulatedSession>) {
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
      ended("not started");
      return () => {};
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
    if (!this.#draining) this.#events.lost();
    for (const ended of this.#calls.values()) ended("lost");
    this.#calls.clear();
  }
}
