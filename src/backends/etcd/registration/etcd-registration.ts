import { EventEmitter } from "node:events";
import { abortable } from "../../../async/abortable.js";
import { Backoff, sleep } from "../../../async/backoff.js";
import { Bell } from "../../../async/notify.js";
import { acquireCluster, type Cluster } from "../../../etcd-client/cluster.js";
import { isDenied, isLeaseGone } from "../../../etcd-client/errors.js";
import type { Lease } from "../../../etcd-client/lease.js";
import type { Link } from "../../../etcd-client/session.js";
import { DEFAULT_TTL_SECONDS, type EtcdSettings } from "../../../etcd-client/settings.js";
import type { Instance } from "../../../instance.js";
import { log } from "../../../log.js";
import { LeaseService } from "../../../proto/etcd.js";
import type { Registration } from "../../../registry.js";
import { Entry } from "./entry.js";
import { OwnKeys } from "./own-keys.js";
import { PauseOrder } from "./pause-order.js";

/** Limit of taking an instance out, in milliseconds: a registry that is down must not keep a process from ending. */
const REMOVAL_LIMIT_MS = 3_000;

/** Putting the key again oftener than this, in milliseconds, waits longer each time: somebody may delete it in a loop. */
const OFTEN_MS = 1_000;

/** Keeps one instance listed: puts its key under the process's lease, and again whenever lease or key are gone. */
export class EtcdRegistration extends EventEmitter<{ lost: [reason: Error]; restored: [] }> implements Registration {
  /** Resolves once the instance is listed or the first attempt has failed. */
  readonly attempted: Promise<void>;
  readonly #settings: EtcdSettings;
  readonly #service: string;
  readonly #instance: Instance;
  readonly #cluster: Cluster;
  readonly #lease: Lease;
  readonly #number: number;
  readonly #releases: { cluster(): void; lease(): Lease | undefined; number(): void };
  readonly #closing = new AbortController();
  readonly #bell = new Bell();
  readonly #kept: Promise<void>;
  #attempted!: () => void;
  #listed = false;
  #trouble: string | undefined;
  #entry: Entry | undefined;
  #own: OwnKeys | undefined;
  #pause: PauseOrder | undefined;
  /** Taken out because an operator asked for it. */
  #aside = false;
  #withFacts = true;
  #removal: Promise<void> | undefined;

  constructor(settings: EtcdSettings, service: string, instance: Instance) {
    super();
    this.#settings = settings;
    this.#service = service;
    this.#instance = instance;
    const cluster = acquireCluster(settings);
    const lease = cluster.cluster.acquireLease(settings.ttlSeconds);
    const number = cluster.cluster.acquireNumber(service);
    this.#cluster = cluster.cluster;
    this.#lease = lease.lease;
    this.#number = number.number;
    this.#releases = { cluster: cluster.release, lease: lease.release, number: number.release };
    this.attempted = new Promise((resolve) => {
      this.#attempted = resolve;
    });
    this.#lease.on("changed", this.#look);
    this.#kept = this.#keep();
  }

  get listed(): boolean {
    return this.#listed;
  }

  deregister(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  readonly #look = () => this.#bell.ring();

  /** Looks at what is and does what is missing, until closed. */
  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    let lastPut = Number.NEGATIVE_INFINITY;
    for (; !signal.aborted; await this.#bell.heard()) {
      const { id: lease, trouble } = this.#lease;
      if (trouble) this.#lost(trouble);
      if (lease === undefined) continue;
      const key = this.#entry?.lease === lease && this.#entry.confirmed ? this.#entry.key : undefined;
      if (key !== undefined && this.#pause?.isGiven(lease)) {
        if (await this.#standAside()) continue;
        await sleep(backoff.next(), signal);
        this.#bell.ring();
        continue;
      }
      const missing = key === undefined ? undefined : this.#own?.missing();
      if (key !== undefined && missing === undefined) {
        if (this.#own?.isTaken(key, lease)) this.#lost(new Error(`its key ${key} was written by somebody else`));
        else if (!trouble) this.#found();
        continue;
      }
      // Without its facts it is listed still.
      if (key !== undefined && missing === key && !this.#aside) this.#lost(new Error(`its key ${key} was deleted`));
      if (performance.now() - lastPut < OFTEN_MS) await sleep(backoff.next(), signal);
      else backoff.reset();
      if (signal.aborted) return;
      lastPut = performance.now();
      try {
        await this.#put(lease);
      } catch (error) {
        if (signal.aborted) return;
        if (isLeaseGone(error)) this.#lease.gone(lease);
        this.#lost(error as Error);
      }
      this.#bell.ring();
    }
  }

  async #put(lease: bigint): Promise<void> {
    const { signal } = this.#closing;
    const id = `${this.#settings.id ?? lease}${this.#number > 1 ? `-${this.#number}` : ""}`;
    const link = await abortable(this.#cluster.link(), signal);
    const entry = (withFacts: boolean) => new Entry(this.#service, id, lease, this.#instance, withFacts);
    const whole = entry(this.#withFacts);
    try {
      await this.#place(whole, link);
    } catch (error) {
      if (!whole.hasFacts || !isDenied(error)) throw error;
      this.#withFacts = false;
      log.warn({ service: this.#service }, `weight, zone and metadata are not published: ${(error as Error).message}`);
      await this.#place(entry(false), link);
    }
  }

  async #place(entry: Entry, link: Link): Promise<void> {
    this.#entry = entry;
    this.#own?.putting();
    const revision = await entry.put(link, this.#closing.signal);
    this.#aside = false;
    this.#watchOwn(entry.keys).put(revision);
    this.#watchForPause(entry.pauseKey);
  }

  #watchOwn(keys: readonly string[]): OwnKeys {
    if (this.#own?.keys.join() === keys.join()) return this.#own;
    this.#own?.close();
    this.#own = new OwnKeys(this.#cluster.watcher, keys, this.#look);
    return this.#own;
  }

  #watchForPause(key: string): void {
    if (this.#pause?.key === key) return;
    this.#pause?.close();
    this.#pause = new PauseOrder(this.#cluster.watcher, key, this.#look);
  }

  /** Takes the instance out and keeps its lease, until the order is withdrawn. @returns whether it is out. */
  async #standAside(): Promise<boolean> {
    if (this.#aside) return true;
    const { signal } = this.#closing;
    const { address } = this.#instance;
    try {
      await this.#entry!.delete(await abortable(this.#cluster.link(), signal), false, signal);
    } catch (error) {
      if (signal.aborted) return true;
      log.warn({ service: this.#service, address }, `${address} cannot be paused yet: ${(error as Error).message}`);
      return false;
    }
    this.#aside = true;
    this.#listed = false;
    log.info({ service: this.#service, address }, `an operator paused ${address}: out of etcd until it is resumed`);
    return true;
  }

  #found(): void {
    if (this.#listed) return;
    const { address } = this.#instance;
    log.info({ service: this.#service, address }, `registered ${address} in etcd as ${this.#entry!.key}`);
    this.#listed = true;
    const again = this.#trouble !== undefined;
    this.#trouble = undefined;
    this.#attempted();
    if (again) this.#tell(() => this.emit("restored"));
  }

  #lost(reason: Error): void {
    const { address } = this.#instance;
    const first = this.#trouble === undefined;
    this.#trouble = reason.message;
    if (this.#listed) {
      this.#listed = false;
      log.warn(
        { service: this.#service, address },
        `${address} is not listed in etcd: ${reason.message}; mending that`,
      );
      this.#tell(() => this.emit("lost", reason));
    } else if (first) {
      log.warn(
        { service: this.#service, address },
        `${address} cannot be registered yet: ${reason.message}; trying on`,
      );
    }
    this.#attempted();
  }

  /** A listener that throws must not end what keeps the instance listed. */
  #tell(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      log.error({ err: error }, "a listener of a registration threw");
    }
  }

  async #remove(): Promise<void> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new Error("etcd did not confirm it in time")), REMOVAL_LIMIT_MS);
    const { address } = this.#instance;
    this.#closing.abort(new Error("the instance was deregistered"));
    this.#lease.off("changed", this.#look);
    this.#bell.ring();
    this.#own?.close();
    this.#pause?.close();
    await this.#kept;
    const lastLease = this.#releases.lease();
    const revoked = lastLease?.stop();
    try {
      if (revoked !== undefined) await this.#insist((link, signal) => revoke(link, revoked, signal), limit.signal);
      else if (this.#entry) {
        const entry = this.#entry;
        const ordered = this.#pause?.isGiven(entry.lease) ?? false;
        await this.#insist((link, signal) => entry.delete(link, ordered, signal), limit.signal);
      }
      if (this.#entry) log.info({ service: this.#service, address }, `took ${address} out of etcd`);
    } catch (error) {
      const ttl = this.#settings.ttlSeconds ?? DEFAULT_TTL_SECONDS;
      const why = (error as Error).message;
      log.warn({ service: this.#service, address }, `${address} may be listed for ${ttl} s more: ${why}`);
    } finally {
      clearTimeout(timer);
      this.#listed = false;
      this.#releases.number();
      this.#releases.cluster();
    }
  }

  /** Another host may do what one could not. */
  async #insist(attempt: (link: Link, signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ initialMs: 50, maxMs: 500 });
    for (;;) {
      try {
        await attempt(await abortable(this.#cluster.link(), signal), signal);
        return;
      } catch (error) {
        await sleep(backoff.next(), signal);
        if (signal.aborted) throw error;
      }
    }
  }
}

async function revoke(link: Link, lease: bigint, signal: AbortSignal): Promise<void> {
  try {
    await link.call(LeaseService.leaseRevoke, { ID: lease }, { signal });
  } catch (error) {
    if (!isLeaseGone(error)) throw error;
  }
}
