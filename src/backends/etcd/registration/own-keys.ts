import { singleKey } from "../../../etcd-client/key-range.js";
import type { RangeView } from "../../../etcd-client/range-view.js";
import type { Watcher } from "../../../etcd-client/watcher.js";

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

  /** The first of the keys that etcd does not have any more. A wiped etcd counts from 1 again, so revisions tell nothing. */
  missing(): string | undefined {
    return this.keys.find((key) => this.#shown.has(key) && this.#views.get(key)!.get(key) === undefined);
  }

  /** Whether somebody else has written this key. */
  isTaken(key: string, lease: bigint): boolean {
    return this.#shown.has(key) && this.#views.get(key)!.get(key)?.lease !== lease;
  }

  close(): void {
    for (const { close } of this.#watched) close();
  }

  #look(key: string, view: RangeView): void {
    if (this.#putAt !== undefined && view.revision >= this.#putAt) this.#shown.add(key);
  }
}
