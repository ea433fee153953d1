import { EventEmitter } from "node:events";
import { Backoff, sleep } from "../async/backoff.js";
import { callListener, supervise } from "../async/supervise.js";
import { log } from "../log.js";
import { leases } from "../tally.js";
import { isLeaseGone } from "./errors.js";
import { LeaseService } from "./methods.js";
import type { Sessions } from "./session.js";

/** How long a call of a lease may take before another host is asked, in milliseconds. */
const ANSWER_LIMIT_MS = 3_000;

/**
 * One lease, kept alive from its first user to its last; when etcd has lost it, another one takes its place at once.
 * Emits `changed` when the id or the trouble is another one.
 */
export class Lease extends EventEmitter<{ changed: [] }> {
  readonly #sessions: Sessions;
  readonly #ttlSeconds: number;
  readonly #closing = new AbortController();
  #renewing = new AbortController();
  #id: bigint | undefined;
  #trouble: Error | undefined;

  constructor(sessions: Sessions, ttlSeconds: number) {
    super();
    this.setMaxListeners(0);
    this.#sessions = sessions;
    this.#ttlSeconds = ttlSeconds;
    void supervise("the lease in etcd", this.#closing.signal, () => this.#run());
  }

  /** Undefined while there is none. */
  get id(): bigint | undefined {
    return this.#id;
  }

  /** Why there is no lease, or why it has not been renewed for a whole TTL: what hangs on it may be gone. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** Somebody was told by etcd that the lease is gone; renewing it would find out later. */
  gone(id: bigint): void {
    if (this.#id === id) this.#renewing.abort();
  }

  /** Stops renewing. @returns the id of the lease, which is still to be revoked, if there is one. */
  stop(): bigint | undefined {
    this.#closing.abort();
    this.#renewing.abort();
    return this.#id;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff({ maxMs: 2_000 });
    while (!signal.aborted) {
      try {
        const id = await this.#grant();
        if (signal.aborted) return;
        const since = performance.now();
        leases.granted.count("etcd");
        this.#renewing = new AbortController(); // before anybody hears of it, who may stop it or find it gone
        this.#set(id, undefined);
        await this.#keepAlive(id, this.#renewing.signal);
        if (signal.aborted) return;
        leases.lost.count("etcd");
        log.warn({ lease: id }, `etcd no longer has lease ${id}; taking another one`);
        this.#set(undefined, new Error("etcd no longer has the lease"));
        if (performance.now() - since > this.#ttlSeconds * 1_000) backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        this.#set(undefined, error as Error);
      }
      await backoff.wait(signal);
    }
  }

  async #grant(): Promise<bigint> {
    const session = await this.#sessions.session();
    const { signal } = this.#closing;
    const request = { TTL: BigInt(this.#ttlSeconds), ID: 0n };
    const { ID } = await session.call(LeaseService.leaseGrant, request, { timeoutMs: ANSWER_LIMIT_MS, signal });
    // Stopped just when it was granted: stop() could not tell of it, so nobody else will revoke it.
    if (signal.aborted) await session.call(LeaseService.leaseRevoke, { ID }, { timeoutMs: ANSWER_LIMIT_MS });
    return ID;
  }

  /**
   * Resolves when etcd no longer has the lease, or when it is closed. Renewed every third of its TTL, beginning at a moment of its own: a
   * fleet that starts, or gets etcd back, in one moment would otherwise renew in one moment for ever.
   */
  async #keepAlive(id: bigint, signal: AbortSignal): Promise<void> {
    const ttlMs = this.#ttlSeconds * 1_000;
    const retry = new Backoff({ maxMs: 1_000 });
    let renewedAt = performance.now();
    let waitMs = (ttlMs / 3) * Math.random();
    for (;;) {
      await sleep(waitMs, signal, { unref: true });
      if (signal.aborted) return;
      try {
        const session = await this.#sessions.session();
        const { TTL } = await session.exchange(
          LeaseService.leaseKeepAlive,
          { ID: id },
          { timeoutMs: ANSWER_LIMIT_MS, signal },
        );
        if (TTL <= 0n) return;
        renewedAt = performance.now();
        leases.renewed.count("etcd");
        this.#set(id, undefined);
        waitMs = (ttlMs / 3) * (retry.attempts === 0 ? 1 : Math.random());
        retry.reset();
      } catch (error) {
        if (signal.aborted || isLeaseGone(error)) return;
        if (performance.now() - renewedAt > ttlMs) this.#set(id, error as Error);
        waitMs = retry.next();
      }
    }
  }

  #set(id: bigint | undefined, trouble: Error | undefined): void {
    if (this.#closing.signal.aborted) return;
    if (id === this.#id && trouble?.message === this.#trouble?.message) return;
    this.#id = id;
    this.#trouble = trouble;
    callListener("a listener of the lease", () => this.emit("changed"));
  }
}
