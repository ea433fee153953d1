import type { Process } from "../world/process.js";

/** What one end of a connection hears. */
export interface Ear {
  message(message: unknown): void;
  /** The other end has closed, or its host says that there is no such connection. Once, last. */
  closed(): void;
}

/** One end of a connection, in the hands of a process. */
export interface End {
  readonly owner: Process;
  /** Grows with every message that arrives. */
  readonly heard: number;
  readonly open: boolean;
  /** Whose the other end is. */
  readonly peerName: string;
  /** Set by its owner before anything can arrive. */
  ear: Ear | undefined;
  send(message: unknown): void;
  close(): void;
}

/** A way from one host to another, in order, as TCP keeps it. */
export type Way = (arrive: () => void) => void;

/** Both ends of a connection, as the network sees them. */
export class Connection {
  readonly ends: readonly [ConnectionEnd, ConnectionEnd];
  /** A firewall has forgotten it: nothing passes any more, and nobody is told. */
  forgotten = false;

  constructor(owners: readonly [Process, Process], ways: readonly [Way, Way], over: () => void) {
    const [a, b] = owners;
    const first = new ConnectionEnd(this, a, ways[0], over);
    const second = new ConnectionEnd(this, b, ways[1], over);
    first.peer = second;
    second.peer = first;
    this.ends = [first, second];
  }
}

export class ConnectionEnd implements End {
  readonly owner: Process;
  ear: Ear | undefined;
  peer!: ConnectionEnd;
  heard = 0;
  open = true;
  readonly #connection: Connection;
  readonly #way: Way;
  readonly #over: () => void;

  constructor(connection: Connection, owner: Process, way: Way, over: () => void) {
    this.#connection = connection;
    this.owner = owner;
    this.#way = way;
    this.#over = over;
  }

  get peerName(): string {
    return this.peer.owner.name;
  }

  send(message: unknown): void {
    if (this.open) this.#pass(() => this.peer.arrives(message));
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#pass(() => this.peer.peerClosed());
    this.#over();
  }

  peerClosed(): void {
    if (!this.open) return;
    this.open = false;
    this.ear?.closed();
    this.#over();
  }

  arrives(message: unknown): void {
    if (!this.open) return;
    this.heard += 1;
    this.ear?.message(message);
  }

  #pass(arrive: () => void): void {
    if (!this.#connection.forgotten) this.#way(arrive);
  }
}
