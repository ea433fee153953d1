import type { Target } from "../../src/registry.js";
import { Cluster, CREDENTIALS } from "../etcd/cluster.js";
import type { Setup } from "../faults/fault.js";
import { dialIn } from "../network/dial-etcd.js";
import { Network } from "../network/network.js";
import type { CallRecord } from "../processes/call-record.js";
import { Client } from "../processes/client.js";
import { Server } from "../processes/server.js";
import { Process } from "./process.js";
import { Random } from "./random.js";
import type { Scheduler } from "./scheduler.js";

/** The service's key. */
export const SERVICE = "svc";

export type CallEnd = "answered" | "deadline" | "lost" | "no instance";

/** Told what happens, beside what they look at themselves. */
export interface Watchers {
  called(record: CallRecord, how: CallEnd): void;
  sent(record: CallRecord): void;
  /** A process asks etcd for something, or dials. */
  asked(peer: string, atMs: number): void;
  dialled(way: string, atMs: number): void;
  broken(why: string): void;
}

/** A place for a process: a host, where one after the other may run. */
export interface Place<T> {
  readonly name: string;
  /** Undefined while nobody runs there. */
  current: T | undefined;
  /** Whether a process is about to run there: nobody starts a second one. */
  starting?: boolean;
}

/** Everything there is. */
export class World {
  readonly setup: Setup;
  readonly scheduler: Scheduler;
  /** What production code draws from. */
  readonly random: Random;
  /** What the world itself draws from. */
  readonly dice: Random;
  readonly network: Network;
  readonly cluster: Cluster;
  readonly servers: readonly Place<Server>[];
  readonly clients: readonly Place<Client>[];
  /** When the last process at an address ended, in virtual milliseconds. */
  readonly diedAt = new Map<string, number>();
  readonly #watchers: Watchers;
  #incarnations = 0;
  #addresses = 0;

  /** @param time whose clock and dice are those of the whole process by now (useWorld). */
  constructor(setup: Setup, { scheduler, random }: { scheduler: Scheduler; random: Random }, watchers: Watchers) {
    const { seed, members, authenticated, slowestMs } = setup;
    this.setup = setup;
    this.#watchers = watchers;
    this.scheduler = scheduler;
    this.random = random;
    this.dice = new Random(seed, 4);
    this.network = new Network(this.scheduler, new Random(seed, 3), slowestMs);
    this.cluster = new Cluster(this.scheduler, this.network, members, authenticated, watchers.asked);
    dialIn(this.network, () => this.scheduler.current!);
    this.servers = Array.from({ length: setup.servers }, (_, i) => ({ name: `server-${i + 1}`, current: undefined }));
    this.clients = Array.from({ length: setup.clients }, (_, i) => ({ name: `client-${i + 1}`, current: undefined }));
  }

  /** A process begins at a place. @param address of the one before, where it does not move. */
  startServer(place: Place<Server>, address = this.#freeAddress()): void {
    if (place.starting) return;
    place.starting = true;
    const process = new Process(place.name);
    this.scheduler.after(0, process, () => {
      place.starting = false;
      const target = this.target(this.setup.ownIds ? this.servers.indexOf(place) + 1 : undefined);
      place.current = new Server(this, process, address, target);
      if (this.setup.mutual) place.current.client = new Client(this, process, target);
    });
  }

  startClient(place: Place<Client>): void {
    if (place.starting) return;
    place.starting = true;
    const process = new Process(place.name);
    this.scheduler.after(0, process, () => {
      place.starting = false;
      place.current = new Client(this, process, this.target());
    });
  }

  /** Ends a process without a word; its kernel closes what it had. */
  exit(process: Process): void {
    const server = this.servers.find(({ current }) => current?.process === process)?.current;
    if (server) this.diedAt.set(server.address, this.scheduler.now);
    process.die();
    this.network.bury(process);
  }

  freeze(process: Process): void {
    process.freeze();
  }

  thaw(process: Process): void {
    if (process.state !== "frozen") return;
    process.thaw();
    this.scheduler.thawed(process);
  }

  /** Everything that runs, or is frozen. */
  processes(): Process[] {
    const places = [...this.servers, ...this.clients];
    return places.flatMap(({ current }) => (current && current.process.state !== "dead" ? [current.process] : []));
  }

  /** Who calls, with where. */
  callers(): { name: string; current: Client | undefined }[] {
    const within = this.servers.flatMap(({ name, current }) =>
      current?.client && current.process.state !== "dead" ? [{ name, current: current.client }] : [],
    );
    return [...this.clients, ...within];
  }

  /** The process at a place, a member's too. */
  at(name: string): Process | undefined {
    const member = this.cluster.members.find(({ process }) => process.name === name);
    return member?.process ?? [...this.servers, ...this.clients].find((place) => place.name === name)?.current?.process;
  }

  /** The registry as one process knows it: hosts of its own, so that nothing is shared with another process. */
  target(id?: number): Target {
    const { members, authenticated, ttlSeconds } = this.setup;
    this.#incarnations += 1;
    const stem = `10.${128 + (this.#incarnations >> 8)}.${this.#incarnations & 255}`;
    const hosts = Array.from({ length: members }, (_, i) => `${stem}.${i + 1}:2379`);
    const { user, password } = CREDENTIALS;
    const settings = { ttlSeconds, ...(id !== undefined && { id }), ...(authenticated && { user, pass: password }) };
    return { scheme: "etcd", hosts, service: SERVICE, params: {}, settings };
  }

  called(record: CallRecord, how: CallEnd): void {
    this.#watchers.called(record, how);
  }

  sent(record: CallRecord): void {
    this.#watchers.sent(record);
  }

  dials(process: Process, address: string): void {
    this.#watchers.dialled(`${process.name} ${address}`, this.scheduler.now);
  }

  broken(why: string): void {
    this.#watchers.broken(why);
  }

  #freeAddress(): string {
    this.#addresses += 1;
    return `10.1.0.${this.#addresses}:8000`;
  }
}
