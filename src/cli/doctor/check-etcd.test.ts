import assert from "node:assert/strict";
import { test } from "node:test";
import { checkListing } from "./check-etcd.js";

test("an instance whose attributes cannot be read is one, and nobody is told to delete it", () => {
  const registrations = [
    {
      ...{ key: "order.rpc/2", service: "order.rpc", id: "2", lease: 7n, valueBytes: 11 },
      instance: { address: "10.0.0.2:80" },
      attributesProblem: "it is not JSON",
    },
  ];
  const listing = { host: "h", revision: 1n, registrations, duplicates: [] };
  const [lists, about, ...others] = checkListing("a.yaml", "order.rpc", listing, "client");
  assert.equal(lists!.message, "lists 1 instance: 10.0.0.2:80");
  assert.equal(about!.subject, "order.rpc.~rollcall/2");
  assert.doesNotMatch(JSON.stringify([about, others]), /etcdctl del/);
});
