import type { KeyValue } from "../proto/etcd.js";
import type { Key, KeyRange } from "./key-range.js";

/** What a key held from a revision on; no `kv`: it was deleted. */
interface Version {
  readonly revision: bigint;
  readonly kv: KeyValue | undefined;
}

/** All keys in order, each with its versions back to the last compaction. */
export class KeyIndex {
  readonly #versions = new Map<Key, Version[]>();
  #sorted: Key[] = [];

  /** Bytes of all keys and values, in all versions. */
  get size(): number {
    let bytes = 0;
    for (const versions of this.#versions.values()) {
      for (const { kv } of versions) bytes += kv ? kv.key.length + kv.value.length : 0;
    }
    return bytes;
  }

  /** The newest version, or the one that held at a revision. */
  get(key: Key, at?: bigint): KeyValue | undefined {
    const versions = this.#versions.get(key);
    if (at === undefined) return versions?.at(-1)?.kv;
    return versions?.findLast(({ revision }) => revision <= at)?.kv;
  }

  *range({ from, to }: KeyRange, at?: bigint): Generator<KeyValue> {
    for (let i = this.#position(from); i < this.#sorted.length; i++) {
      const key = this.#sorted[i]!;
      if (to !== undefined && key >= to) return;
      const kv = this.get(key, at);
      if (kv) yield kv;
    }
  }

  add(key: Key, version: Version): void {
    const versions = this.#versions.get(key);
    if (versions) {
      versions.push(version);
    } else {
      this.#versions.set(key, [version]);
      this.#sorted.splice(this.#position(key), 0, key);
    }
  }

  /** Forgets what can no longer be read when only revisions from the given one on can. */
  compact(revision: bigint): void {
    for (const [key, versions] of this.#versions) {
      const readable = versions.findLastIndex((version) => version.revision <= revision);
      if (readable < 0) continue;
      versions.splice(0, versions[readable]!.kv ? readable : readable + 1);
      if (versions.length === 0) this.#versions.delete(key);
    }
    this.#sorted = this.#sorted.filter((key) => this.#versions.has(key));
  }

  clear(): void {
    this.#versions.clear();
    this.#sorted = [];
  }

  /** Where the key stands, or would stand, among the sorted ones. */
  #position(key: Key): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
