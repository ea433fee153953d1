import assert from "node:assert/strict";
import { test } from "node:test";
import { ListingEtcd } from "../../../testing/listing-etcd.js";
import { listRegistrations } from "./listing.js";

test("a far etcd is asked for many leases at a time, and what it has not told in time is left open", {
  timeout: 30_000,
}, async () => {
  await using etcd = await ListingEtcd.start();
  etcd.listed = Array.from({ length: 200 }, (_, i) => ({
    key: `order.rpc/${i}`,
    value: `10.0.0.${i}:80`,
    lease: BigInt(i + 1),
  }));
  const asked: (() => void)[] = [];
  etcd.onLease = (tell) => {
    // The first hundred are told when all of them have been asked for; no other ever is.
    if (asked.push(tell) === 100) for (const tellOne of asked) tellOne();
  };
  const { registrations } = await listRegistrations({ hosts: [etcd.endpoint] });
  assert.equal(registrations.length, 200);
  const known = registrations.filter(
    ({ ttlSeconds, grantedTtlSeconds }) => ttlSeconds === 7 && grantedTtlSeconds === 10,
  );
  assert.equal(known.length, 100);
  const open = registrations.filter(({ lease, ttlSeconds }) => lease !== undefined && ttlSeconds === undefined);
  assert.equal(open.length, 100);
});

test("an instance whose attributes cannot be read is listed without them, as it is to clients", async () => {
  await using etcd = await ListingEtcd.start();
  etcd.listed = [
    { key: "order.rpc.~rollcall/1", value: '{"zone":"a","since":5}', lease: 1n },
    { key: "order.rpc.~rollcall/2", value: "garbage", lease: 1n },
    { key: "order.rpc/1", value: "10.0.0.1:80", lease: 1n },
    { key: "order.rpc/2", value: "10.0.0.2:80", lease: 1n },
  ];
  const { registrations } = await listRegistrations({ hosts: [etcd.endpoint] }, { prefix: "order.rpc/" });
  assert.deepEqual(
    registrations.map(({ instance, since, problem, attributesProblem }) => [
      instance,
      since,
      problem,
      attributesProblem,
    ]),
    [
      [{ address: "10.0.0.1:80", zone: "a" }, 5, undefined, undefined],
      [{ address: "10.0.0.2:80" }, undefined, undefined, "it is not JSON"],
    ],
  );
});
