import { abortable } from "../../../async/abortable.js";
import { holding } from "../../../async/hold.js";
import { acquireCluster } from "../../../etcd-client/cluster.js";
import { prefixRange } from "../../../etcd-client/key-range.js";
import { KVService } from "../../../etcd-client/methods.js";
import { RangeRequest } from "../../../proto/etcd.js";
import { PRESENCES, readKey } from "../layout/keys.js";
import { type ClientPresence, readPresence } from "../presence/client-presence.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";

/** A client process that says whom it calls, and the last part of its key. */
export interface Present extends ClientPresence {
  readonly id: string;
}

/**
 * Who says that it calls others (`Presence: true`), read once.
 * @throws EtcdError; an Error naming each host when none can be used.
 */
export function listPresences(settings: EtcdSettings, signal?: AbortSignal): Promise<readonly Present[]> {
  return holding(read(checkEtcdSettings(settings), signal));
}

async function read(settings: EtcdSettings, signal: AbortSignal | undefined): Promise<readonly Present[]> {
  const { cluster, release } = acquireCluster(settings);
  try {
    const session = await abortable(cluster.session(), signal);
    const request = RangeRequest.fromPartial(prefixRange(`${PRESENCES}/`));
    const { kvs } = await session.call(KVService.range, request, { signal });
    return kvs.flatMap(({ key, value }) => {
      const presence = readPresence(value);
      return presence ? [{ id: readKey(key)!.id, ...presence }] : [];
    });
  } finally {
    release();
  }
}
