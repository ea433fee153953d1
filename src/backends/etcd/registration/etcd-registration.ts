import { EventEmitter } from "node:events";
import { abortable } from "../../../async/abortable.js";
import { Backoff } from "../../../async/backoff.js";
import { detached } from "../../../async/detached.js";
import { callListener } from "../../../async/supervise.js";
import { isDenied, isLeaseGone } from "../../../etcd-client/errors.js";
import type { Instance } from "../../../instance.js";
import type { Registration } from "../../../registry.js";
import { grantInstancesCommand } from "../layout/keys.js";
import { layoutOf } from "../layout/layout.js";
import type { EtcdSettings } from "../settings.js";
import { Entry } from "./entry.js";
import { Holdings } from "./holdings.js";
import type { Keeping } from "./keeping.js";
import { PutPace } from "./put-pace.js";
import { countChange } from "./registration-count.js";
import { RegistrationLog } from "./registration-log.js";
import { answered, insist, revoke } from "./removal.js";
import { isListed, next, type RegistrationEvent, type RegistrationState, whyNotListed } from "./state.js";

/**
 * Keeps one instance listed: puts its key under the process's lease, and again whenever lease or key are gone. What happens
 * is told to `next` (state.ts) as an event; the state that follows says what is to be done.
 */
export class EtcdRegistration extends EventEmitter<{ lost: [reason: Error]; restored: [] }> implements Registration {
  /** Resolves once the instance is listed or the first attempt has failed. */
  readonly attempted: Promise<void>;
  readonly #service: string;
  readonly #path: string;
  readonly #ttlSeconds: number;
  readonly #held: Holdings;
  readonly #entry: Entry;
  readonly #log: NonNullable<Keeping["log"]>;
  readonly #pace = new PutPace();
  readonly #removed: Promise<void>;
  #state: RegistrationState = { name: "waiting" };
  /** What the state asks to be done, and how it is called off. */
  #job: { readonly done: Promise<void>; readonly abort: AbortController } | undefined;
  /** Ends what etcd was asked and has not answered when nothing more can be waited for. */
  readonly #givenUp = new AbortController();
  /** Counts the changes of what is to be put. */
  #edition = 0;
  #wasAttempted = false;
  #settleAttempt!: () => void;
  #settleRemoval!: () => void;

  constructor(settings: EtcdSettings, service: string, instance: Instance, keeping: Keeping = {}) {
    super();
    const { layout = layoutOf(settings.layout), background = false } = keeping;
    this.#service = service;
    this.#path = layout.path(service);
    this.#ttlSeconds = settings.ttlSeconds ?? layout.ttlSeconds;
    this.#held = new Holdings(settings, this.#path, this.#ttlSeconds, background);
    this.#log = keeping.log ?? new RegistrationLog(service, instance.address);
    const { cluster, number } = this.#held;
    const { id, user } = settings;
    const givenUp = this.#givenUp.signal;
    this.#entry = new Entry(
      { cluster, layout, service, instance, id, number, canBePaused: !background, givenUp },
      { changed: () => this.#look(), limited: (what) => this.#log.limited(what, this.#path, user) },
    );
    this.attempted = new Promise((resolve) => {
      this.#settleAttempt = resolve;
    });
    this.#removed = new Promise((resolve) => {
      this.#settleRemoval = resolve;
    });
    this.#held.lease.on("changed", this.#followLease);
    this.#followLease();
  }

  get listed(): boolean {
    return isListed(this.#state);
  }

  /** Why it is not listed, as far as that is known. */
  get trouble(): Error | undefined {
    return whyNotListed(this.#state);
  }

  /** What the layout writes is not what it wrote: it is put again. */
  changed(): void {
    this.#edition += 1;
    this.#apply({ type: "value changed" });
  }

  deregister(): Promise<void> {
    this.#apply({ type: "close" });
    return this.#removed;
  }

  readonly #followLease = () =>
    this.#apply({ type: "lease", id: this.#held.lease.id, trouble: this.#held.lease.trouble });

  /** Tells what the watches show of the keys under the lease of now. */
  #look(): void {
    const seen = "lease" in this.#state ? this.#entry.seen(this.#state.lease) : undefined;
    if (seen) this.#apply({ type: "keys seen", ...seen });
  }

  #apply(event: RegistrationEvent): void {
    const before = this.#state;
    const now = next(before, event);
    if (now === before) return;
    this.#state = now;
    this.#log.changed(before, now, this.#entry.key);
    countChange(this.#service, before, now);
    const isOther = now.name !== before.name || leaseOf(now) !== leaseOf(before);
    if (isOther) this.#begin(now);
    this.#announce(before, now);
    if (isOther) this.#look(); // what was seen before it began
  }

  /**
   * Calls off what the last state asked for, and begins what this one does. What etcd was asked already is awaited, for it may still do it:
   * a put that overtakes the deletion sent after it would stand as long as the lease.
   */
  #begin(state: RegistrationState): void {
    const last = this.#job;
    last?.abort.abort(new Error("it is to be done no longer"));
    const abort = new AbortController();
    const { signal } = abort;
    this.#job = { done: detached(() => this.#carryOut(state, signal, last?.done)), abort };
  }

  async #carryOut(state: RegistrationState, signal: AbortSignal, last: Promise<void> | undefined): Promise<void> {
    if (state.name !== "closing") await last;
    switch (state.name) {
      case "putting":
      case "completing":
        return this.#putUntilDone(state.lease, signal);
      case "pausing":
        return this.#takeOutForPause(signal);
      case "closing":
        return this.#remove(state.confirmed, last);
    }
  }

  #announce(before: RegistrationState, now: RegistrationState): void {
    const why = whyNotListed(now);
    const isNews = why !== undefined && why.message !== whyNotListed(before)?.message;
    if (isNews) callListener("a listener of a registration", () => this.emit("lost", why));
    if (!isListed(before) && isListed(now) && this.#wasAttempted)
      callListener("a listener of a registration", () => this.emit("restored"));
    if (!isListed(now) && !why) return;
    this.#wasAttempted = true;
    this.#settleAttempt();
  }

  async #putUntilDone(lease: bigint, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#pace.turn(signal);
      if (signal.aborted) return;
      const edition = this.#edition;
      try {
        const { limited } = await this.#entry.put(lease, signal);
        if (signal.aborted) return;
        if (edition !== this.#edition) continue;
        this.#apply({ type: "put done", limited });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (isLeaseGone(error)) this.#held.lease.gone(lease);
        this.#apply({ type: "put failed", why: this.#reasonOf(error as Error) });
      }
    }
  }

  #reasonOf(error: Error): Error {
    if (isLeaseGone(error)) return new Error("etcd no longer has the lease", { cause: error }); // as the lease will say
    if (!isDenied(error)) return error;
    return new Error(`${error.message}: ${grantInstancesCommand(this.#path)}`, { cause: error });
  }

  /** Keeps the lease, so that the order stands as long as this process. */
  async #takeOutForPause(signal: AbortSignal): Promise<void> {
    for (const backoff = new Backoff(); !signal.aborted; await backoff.wait(signal)) {
      try {
        const session = await abortable(this.#held.cluster.session(), signal);
        await this.#entry.delete(session, this.#givenUp.signal, { withOrder: false });
        if (!signal.aborted) this.#apply({ type: "pause done" });
        return;
      } catch (error) {
        if (!signal.aborted) this.#log.cannotPause((error as Error).message);
      }
    }
  }

  /** @param confirmed whether etcd had confirmed the key; @param putting what may still be putting it. */
  async #remove(confirmed: boolean, putting: Promise<void> | undefined): Promise<void> {
    await answered(putting, this.#givenUp);
    this.#held.lease.off("changed", this.#followLease);
    this.#entry.unwatch();
    try {
      const wasIn = await this.#takeOut(this.#held.releaseLease());
      if (wasIn && confirmed) this.#log.tookOut();
    } catch (error) {
      if (this.#entry.key) this.#log.notTakenOut((error as Error).message, this.#ttlSeconds);
    } finally {
      this.#held.release();
      this.#apply({ type: "close done" });
      this.#settleAttempt();
      this.#settleRemoval();
    }
  }

  /** @param lastLease where nobody else holds the lease: all goes with it. @returns whether the instance was in etcd. */
  async #takeOut(lastLease: bigint | undefined): Promise<boolean> {
    const { cluster } = this.#held;
    if (lastLease !== undefined) return insist(cluster, (session, signal) => revoke(session, lastLease, signal));
    if (!this.#entry.key) return false;
    return insist(cluster, (session, signal) => this.#entry.delete(session, signal, { withOrder: true }));
  }
}

function leaseOf(state: RegistrationState): bigint | undefined {
  return "lease" in state ? state.lease : undefined;
}
