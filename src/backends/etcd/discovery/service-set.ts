import { quote } from "../../../address.js";
import { type Instance, sameInstance } from "../../../instance.js";
import { log } from "../../../log.js";
import type { KeyValue } from "../../../proto/etcd.js";
import { readFacts, readInstance } from "../layout/instance-value.js";
import { factsKey, instanceKey } from "../layout/keys.js";

/** What one key says, and since when. */
interface Entry {
  readonly instance: Instance;
  readonly revision: bigint;
}

/**
 * The instances of one service, put together from its keys: an address under several keys is one instance (the newest key
 * speaks for it), facts are joined to it by id, and a value that is no instance is named once and skipped.
 * An instance that did not change stays the same object at the same place.
 */
export class ServiceSet {
  readonly #service: string;
  readonly #prefix: string;
  readonly #factsPrefix: string;
  readonly #entries = new Map<string, Entry>();
  readonly #facts = new Map<string, Omit<Instance, "address">>();
  readonly #idsOf = new Map<string, Set<string>>();
  readonly #instances = new Map<string, Instance>();
  readonly #named = new Map<string, string>();

  constructor(service: string) {
    this.#service = service;
    this.#prefix = Buffer.from(instanceKey(service, "")).toString("latin1");
    this.#factsPrefix = Buffer.from(factsKey(service, "")).toString("latin1");
  }

  /** All instances, oldest known first. */
  instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  put(kv: KeyValue): void {
    const { kind, id } = this.#place(kv.key);
    if (kind === "other") return;
    try {
      if (kind === "facts") this.#setFacts(id, readFacts(kv.value));
      else this.#setEntry(id, { instance: readInstance(kv.value), revision: kv.modRevision });
      this.#named.delete(kv.key.toString("latin1"));
    } catch (error) {
      if (kind === "facts") this.#setFacts(id, undefined);
      else this.#setEntry(id, undefined);
      this.#nameOnce(kv.key, (error as Error).message);
    }
  }

  delete(key: Buffer): void {
    const { kind, id } = this.#place(key);
    if (kind === "facts") this.#setFacts(id, undefined);
    if (kind === "instance") this.#setEntry(id, undefined);
    this.#named.delete(key.toString("latin1"));
  }

  /** Readers of go-zero take everything under the prefix, deeper keys too; so do we. */
  #place(key: Buffer): { kind: "instance" | "facts" | "other"; id: string } {
    const text = key.toString("latin1"); // keys are bytes: this loses none
    if (text.startsWith(this.#prefix)) return { kind: "instance", id: text.slice(this.#prefix.length) };
    if (text.startsWith(this.#factsPrefix)) return { kind: "facts", id: text.slice(this.#factsPrefix.length) };
    return { kind: "other", id: "" };
  }

  #setEntry(id: string, entry: Entry | undefined): void {
    const before = this.#entries.get(id)?.instance.address;
    if (entry) this.#entries.set(id, entry);
    else this.#entries.delete(id);
    const now = entry?.instance.address;
    if (before !== undefined && before !== now) {
      const ids = this.#idsOf.get(before)!;
      ids.delete(id);
      if (ids.size === 0) this.#idsOf.delete(before);
      this.#refresh(before);
    }
    if (now === undefined) return;
    const ids = this.#idsOf.get(now);
    if (ids) ids.add(id);
    else this.#idsOf.set(now, new Set([id]));
    this.#refresh(now);
  }

  #setFacts(id: string, facts: Omit<Instance, "address"> | undefined): void {
    if (facts) this.#facts.set(id, facts);
    else this.#facts.delete(id);
    const address = this.#entries.get(id)?.instance.address;
    if (address !== undefined) this.#refresh(address);
  }

  #refresh(address: string): void {
    let newest: [string, Entry] | undefined;
    for (const id of this.#idsOf.get(address) ?? []) {
      const entry = this.#entries.get(id)!;
      if (!newest || entry.revision > newest[1].revision) newest = [id, entry];
    }
    if (!newest) {
      this.#instances.delete(address);
      return;
    }
    const [id, { instance }] = newest;
    const facts = this.#facts.get(id);
    const now = facts ? { ...instance, ...facts } : instance;
    const before = this.#instances.get(address);
    if (!before || !sameInstance(before, now)) this.#instances.set(address, now);
  }

  /** Once for each key and reason: somebody may write the same nonsense every second. */
  #nameOnce(key: Buffer, why: string): void {
    const name = key.toString("latin1");
    if (this.#named.get(name) === why) return;
    this.#named.set(name, why);
    const shown = quote(key.toString());
    log.warn({ service: this.#service, key: shown }, `etcd key ${shown} is skipped, its value is no instance: ${why}`);
  }
}
