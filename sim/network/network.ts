import type { Process } from "../world/process.js";
import type { Random } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";
import { Connection, type End } from "./connection.js";

/** Takes what is dialled to an address. */
export interface Listener {
  readonly owner: Process;
  accept(end: End): void;
}

/** What lies between two hosts. */
interface Path {
  /** Nothing passes; what was sent is sent again by TCP, and passes when the path is whole. */
  silent: number;
  /** Of each message, beside the usual delay, in milliseconds. */
  slowMs: number;
  held: (() => void)[];
}

/** Hosts by the names of their processes' places, the paths between them, and the connections that stand. */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #listeners = new Map<string, Listener>();
  readonly #paths = new Map<string, Path>();
  readonly #connections = new Set<Connection>();
  readonly #slowest: number;

  /** @param slowestMs of a message on a path that is well. */
  constructor(scheduler: Scheduler, random: Random, slowestMs: number) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#slowest = slowestMs;
  }

  listen(address: string, listener: Listener): () => void {
    this.#listeners.set(address, listener);
    return () => {
      if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
    };
  }

  /** Tells the dialling process whether the kernel at an address accepts. Nobody answers over a silent path. */
  dial(from: Process, address: string, connected: (end: End) => void, refused: () => void): void {
    const host = this.#listeners.get(address)?.owner ?? from;
    this.#pass(from, host, host, true, () => {
      const listener = this.#listeners.get(address);
      if (!listener || listener.owner.state === "dead") return this.#pass(host, from, from, false, refused);
      const ways = [this.#way(from, listener.owner), this.#way(listener.owner, from)] as const;
      const connection: Connection = new Connection([from, listener.owner], ways, () => {
        if (connection.ends.every(({ open }) => !open)) this.#connections.delete(connection);
      });
      const [near, far] = connection.ends;
      this.#connections.add(connection);
      // The kernel accepts, also for a process that is frozen; what that says comes later.
      ways[1](() => connected(near));
      this.#scheduler.after(0, listener.owner, () => listener.accept(far));
    });
  }

  /** Whether messages pass between two processes. */
  passes(a: Process, b: Process): boolean {
    return this.#path(a, b).silent === 0;
  }

  /** Nothing passes between the two until the returned function is called. */
  silence(a: Process, b: Process): () => void {
    const path = this.#path(a, b);
    path.silent += 1;
    return () => {
      path.silent -= 1;
      if (path.silent > 0) return;
      const { held } = path;
      path.held = [];
      for (const send of held) send();
    };
  }

  slow(a: Process, b: Process, ms: number): () => void {
    const path = this.#path(a, b);
    path.slowMs += ms;
    return () => {
      path.slowMs -= ms;
    };
  }

  /** The connections between two processes, in the order in which they were made. */
  between(a: Process, b: Process): Connection[] {
    return [...this.#connections].filter(({ ends: [x, y] }) => {
      return (x.owner === a && y.owner === b) || (x.owner === b && y.owner === a);
    });
  }

  /** Cut by what stands between: both ends learn of it. */
  reset(connection: Connection): void {
    for (const end of connection.ends) this.#scheduler.after(0, end.owner, () => end.peerClosed());
  }

  /** A firewall forgets the connection: nothing passes any more, and nobody is told. */
  forget(connection: Connection): void {
    connection.forgotten = true;
  }

  /** Only one process learns that the connection is over; what the other sends leads nowhere. */
  halfClose(connection: Connection, learns: Process): void {
    connection.forgotten = true;
    const end = connection.ends.find(({ owner }) => owner === learns);
    if (end) this.#scheduler.after(0, learns, () => end.peerClosed());
  }

  /** The process is dead: its kernel closes all that it had. */
  bury(process: Process): void {
    for (const connection of [...this.#connections]) {
      for (const end of connection.ends) if (end.owner === process) end.close();
    }
  }

  #path(a: Process, b: Process): Path {
    const key = a.name < b.name ? `${a.name} ${b.name}` : `${b.name} ${a.name}`;
    let path = this.#paths.get(key);
    if (!path) {
      path = { silent: 0, slowMs: 0, held: [] };
      this.#paths.set(key, path);
    }
    return path;
  }

  /** In order: nothing overtakes on one connection. */
  #way(from: Process, to: Process): (arrive: () => void) => void {
    let last = 0;
    const send = (arrive: () => void): void => {
      const path = this.#path(from, to);
      if (path.silent > 0) {
        path.held.push(() => send(arrive));
        return;
      }
      last = Math.max(last, this.#scheduler.now + this.#delayMs(path));
      this.#scheduler.at(last, 1, to, arrive);
    };
    return send;
  }

  /** @param kernel whether it is done for the process, even while that is frozen. */
  #pass(from: Process, to: Process, owner: Process, kernel: boolean, arrive: () => void): void {
    const send = (): void => {
      const path = this.#path(from, to);
      if (path.silent > 0) path.held.push(send);
      else this.#scheduler.after(this.#delayMs(path), kernel ? undefined : owner, arrive);
    };
    send();
  }

  #delayMs(path: Path): number {
    return path.slowMs + this.#random.between(0.1, this.#slowest);
  }
}
