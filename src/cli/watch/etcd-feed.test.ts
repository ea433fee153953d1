import assert from "node:assert/strict";
import { test } from "node:test";
import { ListingEtcd } from "../../testing/listing-etcd.js";
import { watchEtcd } from "./etcd-feed.js";

test("that a look at a service fails is told while the watch goes on, and its end too: what is shown is old meanwhile", {
  timeout: 30_000,
}, async () => {
  await using etcd = await ListingEtcd.start();
  etcd.listed = [{ key: "order.rpc/1", value: "10.0.0.1:80" }];
  const end = new AbortController();
  const told: (string | undefined)[] = [];
  const looks = watchEtcd({ hosts: [etcd.endpoint] }, "order.rpc", {
    signal: end.signal,
    onTrouble: (trouble) => {
      told.push(trouble?.message);
      etcd.failure = undefined;
    },
  });
  // The first look, and the one for the set that the watch begins with.
  for (let n = 0; n < 2; n++) await looks.next();
  assert.deepEqual(told, []);
  etcd.failure = { "grpc-status": "13", "grpc-message": "out of order" };
  // Once that has failed and the next one has not.
  await looks.next();
  await looks.next();
  assert.equal(told.length, 2);
  assert.match(told[0]!, /out of order/);
  assert.equal(told[1], undefined);
  end.abort();
  await looks.next();
});
