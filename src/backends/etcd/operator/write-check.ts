import { abortable } from "../../../async/abortable.js";
import { holding } from "../../../async/hold.js";
import { acquireCluster } from "../../../etcd-client/cluster.js";
import { KVService } from "../../../etcd-client/methods.js";
import { Compare, Compare_CompareResult, Compare_CompareTarget, TxnRequest } from "../../../proto/etcd.js";
import { attributesKey, instanceKey } from "../layout/keys.js";
import { layoutOf } from "../layout/layout.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";

/** What a server of a service writes: its instance, and its weight, zone and metadata. */
export type Written = "instance" | "attributes";

/**
 * Whether these settings may write under a service key, without writing: by a transaction whose comparison never holds.
 * etcd checks the rights, and its alarms (NOSPACE), all the same.
 * @returns what etcd refuses with, or undefined when it would have written
 * @throws the signal's reason; an Error naming each host when none can be used
 */
export async function writeProblem(
  settings: EtcdSettings,
  service: string,
  what: Written,
  signal?: AbortSignal,
): Promise<Error | undefined> {
  const { cluster, release } = acquireCluster(checkEtcdSettings(settings));
  try {
    const session = await holding(abortable(cluster.session(), signal));
    const path = layoutOf(settings.layout).path(service);
    const id = String(settings.id ?? 1);
    const key = Buffer.from(what === "instance" ? instanceKey(path, id) : attributesKey(path, id));
    // No version is below 0.
    const never = Compare.fromPartial({
      result: Compare_CompareResult.LESS,
      target: Compare_CompareTarget.VERSION,
      key,
      targetUnion: { $case: "version", value: 0n },
    });
    const put = { request: { $case: "requestPut" as const, value: { key, value: Buffer.alloc(0) } } };
    const request = TxnRequest.fromPartial({ compare: [never], success: [put] });
    await holding(session.call(KVService.txn, request, { signal }));
    return undefined;
  } catch (error) {
    if (signal?.aborted) throw error;
    return error as Error;
  } finally {
    release();
  }
}
