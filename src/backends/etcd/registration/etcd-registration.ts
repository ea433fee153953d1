import { EventEmitter } from "node:events";
import { abortable } from "../../../async/abortable.js";
import { Backoff, sleep } from "../../../async/backoff.js";
import { detached } from "../../../async/detached.js";
import { callListener } from "../../../async/supervise.js";
import { isDenied, isLeaseGone } from "../../../etcd-client/errors.js";
import type { Instance } from "../../../instance.js";
import type { Registration } from "../../../registry.js";
import { grantInstancesCommand } from "../layout/keys.js";
import { type Layout, layoutOf } from "../layout/layout.js";
import type { EtcdSettings } from "../settings.js";
import { Holdings } from "./holdings.js";
import type { Keeping } from "./keeping.js";
import { OwnKeys } from "./own-keys.js";
import { PauseOrder } from "./pause-order.js";
import { PutPace } from "./put-pace.js";
import { Records } from "./records.js";
import { countChange } from "./registration-count.js";
import { RegistrationLog } from "./registration-log.js";
import { answered, insist, revoke } from "./removal.js";
import { isListed, next, type RegistrationEvent, type RegistrationState, whyNotListed } from "./state.js";
import { describeTaker } from "./taker.js";

/**
 * Keeps one instance listed: puts its key under the process's lease, and again whenever lease or key are gone. What happens
 * is told to `next` (state.ts) as an event; the state that follows says what is to be done.
 */
export class EtcdRegistration extends EventEmitter<{ lost: [reason: Error]; restored: [] }> implements Registration {
  /** Resolves once the instance is listed or the first attempt has failed. */
  readonly attempted: Promise<void>;
  readonly #settings: EtcdSettings;
  readonly #layout: Layout;
  readonly #service: string;
  readonly #path: string;
  readonly #instance: Instance;
  readonly #ttlSeconds: number;
  readonly #held: Holdings;
  readonly #log: NonNullable<Keeping["log"]>;
  readonly #background: boolean;
  readonly #pace = new PutPace();
  readonly #removed: Promise<void>;
  #state: RegistrationState = { name: "waiting" };
  /** What the state asks to be done, and how it is called off. */
  #job: { readonly done: Promise<void>; readonly abort: AbortController } | undefined;
  #records: Records | undefined;
  #own: OwnKeys | undefined;
  #pause: PauseOrder | undefined;
  #withAttributes = true;
  /** Ends what etcd was asked and has not answered when nothing more can be waited for. */
  readonly #givenUp = new AbortController();
  /** Counts the changes of what is to be put. */
  #edition = 0;
  #wasAttempted = false;
  #settleAttempt!: () => void;
  #settleRemoval!: () => void;

  constructor(settings: EtcdSettings, service: string, instance: Instance, keeping: Keeping = {}) {
    super();
    this.#settings = settings;
    this.#layout = keeping.layout ?? layoutOf(settings.layout);
    this.#background = keeping.background ?? false;
    this.#service = service;
    this.#path = this.#layout.path(service);
    this.#instance = instance;
    this.#ttlSeconds = settings.ttlSeconds ?? this.#layout.ttlSeconds;
    this.#held = new Holdings(settings, this.#path, this.#ttlSeconds, this.#background);
    this.#log = keeping.log ?? new RegistrationLog(service, instance.address);
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
  readonly #look = () => {
    const records = this.#records;
    if (!records || !("lease" in this.#state) || this.#state.lease !== records.lease) return;
    const { key, lease } = records;
    const missing = this.#own?.missing;
    const taker = this.#own?.takenBy(lease);
    this.#apply({
      type: "keys seen",
      key,
      ...(missing && { missing }),
      ...(taker && { taken: describeTaker(taker, this.#service, this.#instance.address, this.#settings.id) }),
      pauseOrdered: this.#pause?.isGiven(lease) ?? false,
    });
  };

  #apply(event: RegistrationEvent): void {
    const before = this.#state;
    const now = next(before, event);
    if (now === before) return;
    this.#state = now;
    this.#log.changed(before, now, this.#records?.key);
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
        await this.#put(lease, signal);
        if (signal.aborted) return;
        if (edition !== this.#edition) continue;
        this.#apply({ type: "put done" });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (isLeaseGone(error)) this.#held.lease.gone(lease);
        this.#apply({ type: "put failed", why: this.#reasonOf(error as Error) });
      }
    }
  }

  /** Without the attributes where the role covers the instances alone. */
  async #put(lease: bigint, signal: AbortSignal): Promise<void> {
    try {
      await this.#place(this.#recordsUnder(lease, this.#withAttributes), signal);
    } catch (error) {
      if (!isDenied(error) || !this.#records?.hasAttributes) throw error;
      await this.#place(this.#recordsUnder(lease, false), signal);
      this.#withAttributes = false;
      this.#log.limited("attributes", this.#path, this.#settings.user);
    }
  }

  #recordsUnder(lease: bigint, withAttributes: boolean): Records {
    const id = `${this.#settings.id ?? lease}${this.#held.number > 1 ? `-${this.#held.number}` : ""}`;
    return new Records(this.#layout, this.#path, id, lease, this.#instance, withAttributes);
  }

  async #place(records: Records, signal: AbortSignal): Promise<void> {
    this.#records = records;
    this.#own?.putting();
    const session = await abortable(this.#held.cluster.session(), signal);
    const revision = await records.put(session, this.#givenUp.signal);
    if (signal.aborted) return;
    this.#watchOwn(records.keys).put(revision);
    if (!this.#background) this.#watchForPause(records.pauseKey);
  }

  #watchOwn(keys: readonly string[]): OwnKeys {
    if (this.#own?.keys.join() === keys.join()) return this.#own;
    this.#own?.close();
    this.#own = new OwnKeys(this.#held.cluster.watcher, keys, this.#look);
    return this.#own;
  }

  #watchForPause(key: string): void {
    if (this.#pause?.key === key) return;
    this.#pause?.close();
    const denied = () => this.#log.limited("pauses", this.#path, this.#settings.user);
    this.#pause = new PauseOrder(this.#held.cluster.watcher, key, { changed: this.#look, denied });
  }

  #reasonOf(error: Error): Error {
    if (isLeaseGone(error)) return new Error("etcd no longer has the lease", { cause: error }); // as the lease will say
    if (!isDenied(error)) return error;
    return new Error(`${error.message}: ${grantInstancesCommand(this.#path)}`, { cause: error });
  }

  /** Keeps the lease, so that the order stands as long as this process. */
  async #takeOutForPause(signal: AbortSignal): Promise<void> {
    for (const backoff = new Backoff(); !signal.aborted; await sleep(backoff.next(), signal)) {
      try {
        const session = await abortable(this.#held.cluster.session(), signal);
        await this.#records!.delete(session, false, this.#givenUp.signal);
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
    const records = this.#records;
    const ordered = records !== undefined && this.#pause?.isGiven(records.lease) === true;
    this.#own?.close();
    this.#pause?.close();
    const lastLease = this.#held.releaseLease();
    try {
      let wasIn = false;
      if (lastLease !== undefined) {
        wasIn = await insist(this.#held.cluster, (session, signal) => revoke(session, lastLease, signal));
      } else if (records) {
        wasIn = await insist(this.#held.cluster, (session, signal) => records.delete(session, ordered, signal));
      }
      if (wasIn && confirmed) this.#log.tookOut();
    } catch (error) {
      if (records) this.#log.notTakenOut((error as Error).message, this.#ttlSeconds);
    } finally {
      this.#held.release();
      this.#apply({ type: "close done" });
      this.#settleAttempt();
      this.#settleRemoval();
    }
  }
}

function leaseOf(state: RegistrationState): bigint | undefined {
  return "lease" in state ? state.lease : undefined;
}
