import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesInHostsFile, fullNames, searchListOf } from "./system-files.js";

test("a hosts file gives every address of a name, in any case, and nothing from its comments", () => {
  const text = [
    "127.0.0.1\tlocalhost localhost.localdomain",
    "::1 localhost # and order",
    "# 10.0.0.9 order",
    "  10.0.0.1  Order.Example order",
    "10.0.0.1 order",
    "10.0.0.2",
    "fd00::1 ORDER.",
  ].join("\n");
  assert.deepEqual(addressesInHostsFile(text, "order"), ["10.0.0.1", "fd00::1"]);
  assert.deepEqual(addressesInHostsFile(text, "order.example."), ["10.0.0.1"]);
  assert.deepEqual(addressesInHostsFile(text, "localhost"), ["127.0.0.1", "::1"]);
  assert.deepEqual(addressesInHostsFile(text, "and"), []);
  assert.deepEqual(addressesInHostsFile("", "order"), []);
});

test("resolv.conf: the last search or domain line counts, ndots has glibc's default and ceiling", () => {
  assert.deepEqual(searchListOf(""), { domains: [], ndots: 1 });
  assert.deepEqual(
    searchListOf(
      "nameserver 10.96.0.10\ndomain old\nsearch shop.svc.cluster.local svc.cluster.local. cluster.local # x\noptions timeout:1 ndots:5\n",
    ),
    { domains: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"], ndots: 5 },
  );
  assert.deepEqual(searchListOf("search a b\ndomain c\noptions ndots:99\n;options ndots:2"), {
    domains: ["c"],
    ndots: 15,
  });
});

test("names are completed as resolver(3) says", () => {
  const pod = { domains: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"], ndots: 5 };
  assert.deepEqual(fullNames("orders.shop", pod), [
    "orders.shop.shop.svc.cluster.local",
    "orders.shop.svc.cluster.local",
    "orders.shop.cluster.local",
    "orders.shop",
  ]);
  assert.deepEqual(fullNames("orders.shop.", pod), ["orders.shop"]);
  assert.equal(fullNames("a.b.c.d.e.f", pod)[0], "a.b.c.d.e.f");
  assert.deepEqual(fullNames("Orders", { domains: [], ndots: 1 }), ["orders"]);
  assert.deepEqual(fullNames("orders", { domains: [""], ndots: 1 }), ["orders"]);
});
