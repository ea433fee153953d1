import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../../etcd-client/cluster.js";
import { EtcdError } from "../../../etcd-client/errors.js";
import type { Session } from "../../../etcd-client/session.js";
import { RangeView } from "../../../etcd-client/watch/range-view.js";
import type { TxnRequest } from "../../../proto/etcd.js";
import { layoutOf } from "../layout/layout.js";
import { Entry } from "./entry.js";

const { signal } = new AbortController();
const away = new EtcdError("h:1", 14, "it cannot be connected to");
const denied = new EtcdError("h:1", 7, "permission denied");

/** An entry in an etcd whose role covers the instances alone. */
function narrow() {
  const etcd = { isAway: false, deleted: [] as string[], watched: [] as { key: string; deny(): void }[] };
  const session = {
    call: async (_: unknown, { success }: TxnRequest) => {
      if (etcd.isAway) throw away;
      const keys = success.map(({ request }) => {
        if (request?.$case === "requestDeleteRange") return { key: String(request.value.key), isDeleted: true };
        if (request?.$case === "requestPut") return { key: String(request.value.key), isDeleted: false };
        throw new Error("it is neither put nor deleted");
      });
      if (keys.some(({ key }) => key.includes("~rollcall"))) throw denied;
      etcd.deleted.push(...keys.filter(({ isDeleted }) => isDeleted).map(({ key }) => key));
      return { header: { revision: 7n }, succeeded: true };
    },
  } as unknown as Session;
  const watcher = {
    watch: ({ key }: { key: Buffer }, { trouble }: { trouble?(error: Error): void }) => {
      etcd.watched.push({ key: String(key), deny: () => trouble?.(denied) });
      return { view: new RangeView(), close() {} };
    },
  };
  const entry = new Entry(
    {
      cluster: { session: async () => session, watcher } as unknown as Cluster,
      layout: layoutOf(undefined),
      service: "order.rpc",
      instance: { address: "10.0.0.1:80", weight: 2 },
      id: undefined,
      number: 1,
      canBePaused: true,
      givenUp: signal,
    },
    { changed() {}, limited() {} },
  );
  return { entry, etcd, session };
}

test("where the role covers the instances alone, the instance's key is taken out also after a put that failed for another reason", async () => {
  const { entry, etcd, session } = narrow();
  assert.deepEqual(await entry.put(5n, signal), { limited: true });
  etcd.isAway = true;
  await assert.rejects(entry.put(6n, signal), away);
  etcd.isAway = false;
  assert.equal(await entry.delete(session, signal, { withOrder: true }), true);
  assert.deepEqual(etcd.deleted, [entry.key]);
});

test("the order to pause is watched again by the next put after it might not be read", async () => {
  const { entry, etcd } = narrow();
  const orders = () => etcd.watched.filter(({ key }) => key.includes("pause"));
  await entry.put(5n, signal);
  await entry.put(5n, signal);
  assert.equal(orders().length, 1, JSON.stringify(etcd.watched));
  orders()[0]!.deny();
  await entry.put(5n, signal);
  assert.equal(orders().length, 2);
});
