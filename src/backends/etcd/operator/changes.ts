import { acquireCluster } from "../../../etcd-client/cluster.js";
import { prefixRange } from "../../../etcd-client/key-range.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";

/**
 * Tells whenever a key that begins with one of the prefixes has changed. Where a prefix may not be watched nothing is told of it:
 * whoever asks looks now and then as well. Holds no process.
 */
export function watchForChanges(
  settings: EtcdSettings,
  prefixes: readonly string[],
  changed: () => void,
): { close(): void } {
  const { cluster, release } = acquireCluster(checkEtcdSettings(settings));
  const watched = prefixes.map((prefix) => cluster.watcher.watch(prefixRange(prefix), { changed }));
  return {
    close: () => {
      for (const one of watched) one.close();
      release();
    },
  };
}
