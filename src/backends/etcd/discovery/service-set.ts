import { type Instance, sameInstance } from "../../../instance.js";
import type { KeyValue } from "../../../proto/etcd.js";
import { attributesKey, instanceKey } from "../layout/keys.js";
import type { Layout } from "../layout/layout.js";
import { readAttributes, readInstance } from "../layout/value.js";
import type { SkippedValues } from "./skipped-values.js";

/** What one key says, and since when. */
interface Entry {
  readonly instance: Instance;
  readonly revision: bigint;
}

/**
 * The instances of one service, put together from its keys: an address under several keys is one instance (the newest key
 * speaks for it), attributes are joined to it by id, and a value that is no instance is skipped.
 * An instance that did not change stays the same object at the same place.
 *
 * Changes only mark the addresses they concern; instances() then looks at all keys of those, once. So many keys of one
 * address cost no more than as many addresses.
 */
export class ServiceSet {
  readonly #prefix: string;
  readonly #attributesPrefix: string;
  readonly #name: string | undefined;
  readonly #skipped: SkippedValues;
  readonly #entries = new Map<string, Entry>();
  readonly #attributes = new Map<string, Omit<Instance, "address">>();
  readonly #idsOf = new Map<string, Set<string>>();
  readonly #changed = new Set<string>();
  readonly #instances = new Map<string, Instance>();
  /** Addresses with a weight of 0, which get no calls while others are there. */
  readonly #resting = new Set<string>();

  constructor(layout: Layout, path: string, skipped: SkippedValues) {
    this.#prefix = Buffer.from(instanceKey(path, "")).toString("latin1");
    this.#attributesPrefix = Buffer.from(attributesKey(path, "")).toString("latin1");
    this.#name = layout.nameIn(path);
    this.#skipped = skipped;
  }

  /** All that calls may go to, oldest known first. Those with a weight of 0 only when there are no others. */
  instances(): readonly Instance[] {
    for (const address of this.#changed) this.#refresh(address);
    this.#changed.clear();
    const all = [...this.#instances.values()];
    if (this.#resting.size === 0 || this.#resting.size === all.length) return all;
    return all.filter(({ address }) => !this.#resting.has(address));
  }

  put(kv: KeyValue): void {
    const { kind, id } = this.#place(kv.key);
    if (kind === "other") return;
    try {
      if (kind === "attributes") this.#setAttributes(id, readAttributes(kv.value));
      else this.#setEntry(id, this.#readEntry(kv));
      this.#skipped.clear(kv.key);
    } catch (error) {
      if (kind === "attributes") this.#setAttributes(id, undefined);
      else this.#setEntry(id, undefined);
      this.#skipped.add(kv.key, kv.value.length, (error as Error).message);
    }
  }

  delete(key: Buffer): void {
    const { kind, id } = this.#place(key);
    if (kind === "attributes") this.#setAttributes(id, undefined);
    if (kind === "instance") this.#setEntry(id, undefined);
    this.#skipped.clear(key);
  }

  /** Readers of go-zero take everything under the prefix, deeper keys too; so do we. */
  #place(key: Buffer): { kind: "instance" | "attributes" | "other"; id: string } {
    const text = key.toString("latin1"); // keys are bytes: this loses none
    if (text.startsWith(this.#prefix)) return { kind: "instance", id: text.slice(this.#prefix.length) };
    if (text.startsWith(this.#attributesPrefix)) {
      return { kind: "attributes", id: text.slice(this.#attributesPrefix.length) };
    }
    return { kind: "other", id: "" };
  }

  /** @returns undefined for an instance of another service, which stands under a deeper key. */
  #readEntry({ value, modRevision }: KeyValue): Entry | undefined {
    const { instance, name } = readInstance(value);
    if (this.#name !== undefined && name !== undefined && name !== this.#name) return undefined;
    return { instance, revision: modRevision };
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
      this.#changed.add(before);
    }
    if (now === undefined) return;
    const ids = this.#idsOf.get(now);
    if (ids) ids.add(id);
    else this.#idsOf.set(now, new Set([id]));
    this.#changed.add(now);
  }

  #setAttributes(id: string, attributes: Omit<Instance, "address"> | undefined): void {
    if (attributes) this.#attributes.set(id, attributes);
    else this.#attributes.delete(id);
    const address = this.#entries.get(id)?.instance.address;
    if (address !== undefined) this.#changed.add(address);
  }

  #refresh(address: string): void {
    let newest: [string, Entry] | undefined;
    for (const id of this.#idsOf.get(address) ?? []) {
      const entry = this.#entries.get(id)!;
      if (!newest || entry.revision > newest[1].revision) newest = [id, entry];
    }
    this.#resting.delete(address);
    if (!newest) {
      this.#instances.delete(address);
      return;
    }
    const [id, { instance }] = newest;
    const { weight, ...others } = { ...instance, ...this.#attributes.get(id) };
    if (weight === 0) this.#resting.add(address);
    const now = weight ? { ...others, weight } : others;
    const before = this.#instances.get(address);
    if (!before || !sameInstance(before, now)) this.#instances.set(address, now);
  }
}
