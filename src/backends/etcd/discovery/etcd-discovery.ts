import { holdUnless } from "../../../async/hold.js";
import { Latest } from "../../../async/latest.js";
import { Throttle } from "../../../async/throttle.js";
import { acquireCluster } from "../../../etcd-client/cluster.js";
import type { Change } from "../../../etcd-client/watch/range-view.js";
import type { Instance } from "../../../instance.js";
import type { Discovery, WatchOptions } from "../../../registry.js";
import { checkServiceKey } from "../layout/keys.js";
import { type Layout, layoutOf } from "../layout/layout.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";
import { ReadableRange } from "./readable-range.js";
import { ServiceSet } from "./service-set.js";
import { acquireSkippedValues } from "./skipped-values.js";

/** Finds the instances of services in etcd. */
export class EtcdDiscovery implements Discovery {
  readonly #settings: EtcdSettings;
  readonly #layout: Layout;

  /** @throws TypeError when the settings contradict each other. */
  constructor(settings: EtcdSettings) {
    this.#settings = checkEtcdSettings(settings);
    this.#layout = layoutOf(this.#settings.layout);
  }

  /**
   * Yields true sets, also an empty one: whether emptiness is believed is for the reader to decide.
   * @throws TypeError for an empty service key.
   */
  async *watch(service: string, options: WatchOptions): AsyncGenerator<readonly Instance[], void> {
    const { signal, onTrouble, background } = options;
    checkServiceKey(service);
    if (signal.aborted) return;
    const path = this.#layout.path(service);
    const { cluster, release } = acquireCluster(this.#settings);
    const letGo = holdUnless(background);
    const { skipped, release: releaseSkipped } = acquireSkippedValues(path);
    const latest = new Latest<readonly Instance[]>(signal);
    /** Of the range that was listed last. */
    let set: ServiceSet | undefined;
    const publish = new Throttle(() => set && latest.set(set.instances()));

    const follow = () => {
      const own = new ServiceSet(this.#layout, path, skipped);
      return ({ put, gone }: Change) => {
        for (const key of gone) own.delete(key);
        for (const kv of put) own.put(kv);
        set = own;
        publish.ask();
      };
    };
    const watched = new ReadableRange(cluster.watcher, service, path, { follow, trouble: onTrouble });

    try {
      yield* latest;
    } finally {
      watched.close();
      publish.close();
      releaseSkipped();
      release();
      letGo();
    }
  }
}
