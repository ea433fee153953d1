import { holdUnless } from "../../../async/hold.js";
import { Latest } from "../../../async/latest.js";
import { Throttle } from "../../../async/throttle.js";
import { acquireCluster } from "../../../etcd-client/cluster.js";
import { isDenied } from "../../../etcd-client/errors.js";
import type { KeyRange } from "../../../etcd-client/key-range.js";
import type { Instance } from "../../../instance.js";
import { log } from "../../../log.js";
import type { Discovery, WatchOptions } from "../../../registry.js";
import { checkServiceKey, instancesRange, serviceRange } from "../layout/keys.js";
import { type Layout, layoutOf } from "../layout/layout.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";
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
    /** Of the range that is watched, once it has been listed. */
    let set: ServiceSet | undefined;
    const publish = new Throttle(() => set && latest.set(set.instances()));

    const watch = (range: KeyRange, onDenied?: () => void) => {
      const own = new ServiceSet(this.#layout, path, skipped);
      return cluster.watcher.watch(range, {
        changed({ put, gone }) {
          for (const key of gone) own.delete(key);
          for (const kv of put) own.put(kv);
          set = own;
          publish.ask();
        },
        trouble(trouble) {
          if (onDenied && isDenied(trouble)) onDenied();
          else onTrouble?.(trouble);
        },
      });
    };
    let watched = watch(serviceRange(path), () => {
      log.debug({ service }, "the role covers the instances alone: their weights, zones and metadata are not read");
      watched.close();
      watched = watch(instancesRange(path));
    });

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
