import { isDenied } from "../../../etcd-client/errors.js";
import { singleKey } from "../../../etcd-client/key-range.js";
import type { RangeView } from "../../../etcd-client/watch/range-view.js";
import type { Watcher } from "../../../etcd-client/watch/watcher.js";

/** The key by which an operator asks an instance to leave the listing. Where it may not be read no more such orders are seen. */
export class PauseOrder {
  readonly key: string;
  readonly #watched: { close(): void };
  #view: RangeView | undefined;
  #denied = false;

  constructor(watcher: Watcher, key: string, told: { changed(): void; denied(): void }) {
    this.key = key;
    this.#watched = watcher.watch(singleKey(key), {
      changed: (_, view) => {
        this.#view = view;
        told.changed();
      },
      trouble: (trouble) => {
        if (!isDenied(trouble)) return;
        this.#denied = true;
        this.close();
        told.denied();
      },
    });
  }

  /** It is watched no longer: what it was stands, and whether it may be read now another one finds out. */
  get denied(): boolean {
    return this.#denied;
  }

  /** An order under another lease was meant for an earlier process of the same id. */
  isGiven(lease: bigint): boolean {
    return this.#view?.get(this.key)?.lease === lease;
  }

  close(): void {
    this.#watched.close();
  }
}
