import type { Session } from "../etcd-client/session.js";
import { SimulatedSession } from "./simulated-session.js";
import { SimulatedStore } from "./simulated-store.js";

/**
 * What etcd promises of revisions, watches, compaction and restored backups, without sockets or time: nothing arrives until
 * a test says so, so that any order of things can be tried.
 */
export class SimulatedEtcd extends SimulatedStore {
  #waiting: ((session: Session) => void)[] = [];
  #current: SimulatedSession | undefined;

  override rollBack(revisions: number): void {
    this.disconnect();
    super.rollBack(revisions);
  }

  disconnect(): void {
    this.#current?.drop();
    this.#current = undefined;
  }

  /** Lets etcd send what its watches have not been sent, in pieces if wanted. */
  pump(fragmented: boolean): void {
    this.#current?.pump(fragmented);
  }

  progress(): void {
    this.#current?.progress();
  }

  /** Lets the n-th of the messages under way arrive (messages of the stream stay in order). False when there is none. */
  deliver(n: number): boolean {
    return this.#current?.deliver(n) ?? false;
  }

  get connected(): boolean {
    return this.#current !== undefined;
  }

  reconnect(): void {
    if (this.#current || this.#waiting.length === 0) return;
    const session = new SimulatedSession(this);
    this.#current = session;
    void session.ended.then(() => {
      if (this.#current === session) this.#current = undefined;
    });
    for (const resolve of this.#waiting) resolve(this.#current as unknown as Session);
    this.#waiting = [];
  }

  session(): Promise<Session> {
    if (this.#current) return Promise.resolve(this.#current as unknown as Session);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
