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
  readonly #views = new Map<string, RangeView>();
  /** Keys whose view has shown the last put: a view may lag behind it, but what it says afterwards is news. */
  readonly #shown = new Set<string>();
  readonly #watched: readonly { close(): void }[];
  #putAt: bigint | undefined;

  /** @param keys the instance's, and its attributes' where there are any. */
  constructor(watcher: Watcher, keys: readonly string[], onChange: () => void) {
    this.keys = keys;
    this.#watched = keys.map((key) =>
      watcher.watch(singleKey(key), {
        changed: (_, view) => {
          this.#views.set(key, view);
          this.#look(key, view);
          onChange();
        },
      }),
    );
  }

  /** They are about to be put, so that they may be missing says nothing. */
  putting(): void {
    this.#putAt = undefined;
    this.#shown.clear();
  }

  /** etcd has put them at this revision. */
  put(revision: bigint): void {
    this.#putAt = revision;
    for (const [key, view] of this.#views) this.#look(key, view);
  }

  /** What etcd does not have any more. A wiped etcd counts from 1 again, so revisions tell nothing. */
  get missing(): "instance" | "attributes" | undefined {
    const at = this.keys.findIndex((key) => this.#shown.has(key) && this.#views.get(key)!.get(key) === undefined);
    return at < 0 ? undefined : at === 0 ? "instance" : "attributes";
  }

  /** What somebody else has written under the instance's key. */
  takenBy(lease: bigint): KeyValue | undefined {
    const key = this.keys[0]!;
    const kv = this.#shown.has(key) ? this.#views.get(key)!.get(key) : undefined;
    return kv && kv.lease !== lease ? kv : undefined;
  }

  close(): void {
    for (const { close } of this.#watched) close();
  }

  #look(key: string, view: RangeView): void {
    if (this.#putAt !== undefined && view.revision >= this.#putAt) this.#shown.add(key);
  }
}
