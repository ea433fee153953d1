import assert from "node:assert/strict";
import { test } from "node:test";
import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import { watchEtcd } from "../../src/cli/watch/etcd-feed.js";
import { registry } from "./registered.js";

test("what changes while etcd is being looked at is looked at again at once, and not after the usual pause", async (t) => {
  const { endpoint, put } = await registry(t);
  const settings = { hosts: [endpoint] };
  const end = new AbortController();
  const options = { signal: end.signal, onTrouble: () => {} };
  const looks = watchEtcd(settings, "order.rpc", options);
  // The first look, the one for the set that the watch begins with, and one after the usual pause.
  for (let n = 0; n < 3; n++) await looks.next();

  // It looks no further until it is asked for the next. Another watch of this process hears of the change after it.
  const heard = new EtcdDiscovery(settings).watch("order.rpc", options)[Symbol.asyncIterator]();
  await heard.next();
  put("order.rpc/1", "10.0.0.1:8080");
  await heard.next();

  t.mock.timers.enable({ apis: ["setTimeout"] }); // no pause ends from now on
  const { value } = await looks.next();
  assert.deepEqual(
    value?.listed.map(({ instance }) => instance.address),
    ["10.0.0.1:8080"],
  );
  t.mock.timers.reset();
  end.abort();
  await Promise.all([looks.next(), heard.next()]);
});
