import { abortable } from "../../../async/abortable.js";
import type { Cluster } from "../../../etcd-client/cluster.js";
import { isDenied } from "../../../etcd-client/errors.js";
import type { Session } from "../../../etcd-client/session.js";
import type { Instance } from "../../../instance.js";
import type { Layout } from "../layout/layout.js";
import { OwnKeys } from "./own-keys.js";
import { PauseOrder } from "./pause-order.js";
import { Records } from "./records.js";
import type { KeysSeen } from "./state.js";
import { describeTaker } from "./taker.js";

export interface EntryOptions {
  readonly cluster: Cluster;
  readonly layout: Layout;
  readonly service: string;
  readonly instance: Instance;
  /** Etcd.ID, where one is set. */
  readonly id: bigint | undefined;
  /** Tells entries of one service by this process apart. */
  readonly number: number;
  readonly canBePaused: boolean;
  /** Aborts when what etcd was asked is not waited for any more. */
  readonly givenUp: AbortSignal;
}

export interface EntryListener {
  /** The watches show something else. */
  changed(): void;
  /** The role covers the instances alone. */
  limited(what: "attributes" | "pauses"): void;
}

/** What stands in etcd of one instance: its keys, put under one lease after another, watched, and deleted. */
export class Entry {
  readonly #options: EntryOptions;
  readonly #listener: EntryListener;
  #records: Records | undefined;
  #own: OwnKeys | undefined;
  #pause: PauseOrder | undefined;

  constructor(options: EntryOptions, listener: EntryListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** The instance's key; undefined before it was put for the first time. */
  get key(): string | undefined {
    return this.#records?.key;
  }

  /**
   * Puts it under the lease; without the attributes where the role covers the instances alone, which each put finds out anew.
   * @returns whether it had to do without them.
   */
  async put(lease: bigint, signal: AbortSignal): Promise<{ limited: boolean }> {
    try {
      await this.#place(this.#recordsUnder(lease, true), signal);
      return { limited: false };
    } catch (error) {
      if (!isDenied(error) || !this.#records?.hasAttributes) throw error;
      await this.#place(this.#recordsUnder(lease, false), signal);
      this.#listener.limited("attributes");
      return { limited: true };
    }
  }

  /** What the watches show of it; undefined where it was not put under this lease. */
  seen(lease: bigint): KeysSeen | undefined {
    if (!this.#records || this.#records.lease !== lease) return undefined;
    const { service, instance, id } = this.#options;
    const missing = this.#own?.missing;
    const taker = this.#own?.takenBy(lease);
    return {
      key: this.#records.key,
      ...(missing && { missing }),
      ...(taker && { taken: describeTaker(taker, service, instance.address, id) }),
      pauseOrdered: this.#pause?.isGiven(lease) ?? false,
    };
  }

  /**
   * Deletes what was put, where it is still ours; the instance's key alone where the role covers no more, as a put that failed has not
   * found out. @param withOrder the order to pause it as well, if one stands.
   * @returns whether it was there and ours.
   */
  async delete(session: Session, signal: AbortSignal, { withOrder }: { withOrder: boolean }): Promise<boolean> {
    const records = this.#records;
    if (!records) return false;
    const ordered = withOrder && this.#pause?.isGiven(records.lease) === true;
    try {
      return await records.delete(session, ordered, signal);
    } catch (error) {
      if (!isDenied(error) || !(records.hasAttributes || ordered)) throw error;
      return this.#recordsUnder(records.lease, false).delete(session, false, signal);
    }
  }

  unwatch(): void {
    this.#own?.close();
    this.#pause?.close();
  }

  #recordsUnder(lease: bigint, withAttributes: boolean): Records {
    const { layout, service, instance, number } = this.#options;
    const id = `${this.#options.id ?? lease}${number > 1 ? `-${number}` : ""}`;
    return new Records(layout, layout.path(service), id, lease, instance, withAttributes);
  }

  async #place(records: Records, signal: AbortSignal): Promise<void> {
    this.#records = records;
    this.#own?.putting();
    const session = await abortable(this.#options.cluster.session(), signal);
    const revision = await records.put(session, this.#options.givenUp);
    if (signal.aborted) return;
    this.#watchOwn(records.keys).put(revision);
    if (this.#options.canBePaused) this.#watchForPause(records.pauseKey);
  }

  #watchOwn(keys: readonly string[]): OwnKeys {
    if (this.#own?.keys.join() === keys.join()) return this.#own;
    this.#own?.close();
    this.#own = new OwnKeys(this.#options.cluster.watcher, keys, () => this.#listener.changed());
    return this.#own;
  }

  #watchForPause(key: string): void {
    if (this.#pause?.key === key && !this.#pause.denied) return;
    this.#pause?.close();
    this.#pause = new PauseOrder(this.#options.cluster.watcher, key, {
      changed: () => this.#listener.changed(),
      denied: () => this.#listener.limited("pauses"),
    });
  }
}
