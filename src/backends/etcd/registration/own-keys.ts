import { singleKey } from "../../../etcd-client/key-range.js";
import type { RangeView } from "../../../etcd-client/watch/range-view.js";
import type { Watcher } from "../../../etcd-client/watch/watcher.js";
import type { KeyValue } from "../../../proto/etcd.js";

/**
 * What etcd shows of the keys that a registration has put. Of a key that may be written but not read nothing is known; the
 * lease alone then tells.
 */
export class OwnKeys {
  readonly keys: readonly string[];
  readonly #watched: ReadonlyMap<string, { readonly view: RangeView; close(): void }>;
  /** Keys whose view has shown the last put: a view may lag behind it, but what it says afterwards is news. */
  readonly #shown = new Set<string>();
  /** The last put, and for each key the listings that were asked for before: they may be from before it. */
  #put: { readonly revision: bigint; readonly listings: ReadonlyMap<string, number> } | undefined;

  /** @param keys the instance's, and its attributes' where there are any. */
  constructor(watcher: Watcher, keys: readonly string[], onChange: () => void) {
    this.keys = keys;
    const changed = (key: string) => {
      this.#look(key);
      onChange();
    };
    this.#watched = new Map(keys.map((key) => [key, watcher.watch(singleKey(key), { changed: () => changed(key) })]));
  }

  /** They are about to be put, so that they may be missing says nothing. */
  putting(): void {
    this.#put = undefined;
    this.#shown.clear();
  }

  /** etcd has put them at this revision. */
  put(revision: bigint): void {
    this.#put = { revision, listings: new Map(this.keys.map((key) => [key, this.#view(key).begun])) };
    for (const key of this.keys) {
      this.#view(key).expect(revision);
      this.#look(key);
    }
  }

  /** What etcd does not have any more. A wiped etcd counts from 1 again, so revisions tell nothing. */
  get missing(): "instance" | "attributes" | undefined {
    const at = this.keys.findIndex((key) => this.#shown.has(key) && this.#view(key).get(key) === undefined);
    return at < 0 ? undefined : at === 0 ? "instance" : "attributes";
  }

  /** What somebody else has written under the instance's key. */
  takenBy(lease: bigint): KeyValue | undefined {
    const key = this.keys[0]!;
    const kv = this.#shown.has(key) ? this.#view(key).get(key) : undefined;
    return kv && kv.lease !== lease ? kv : undefined;
  }

  close(): void {
    for (const { close } of this.#watched.values()) close();
  }

  #view(key: string): RangeView {
    return this.#watched.get(key)!.view;
  }

  /** A listing asked for after the put shows it, or is of another history: a backup was restored that has not come so far. */
  #look(key: string): void {
    if (!this.#put) return;
    const { revision, listing } = this.#view(key);
    if (revision >= this.#put.revision || listing > this.#put.listings.get(key)!) this.#shown.add(key);
  }
}
