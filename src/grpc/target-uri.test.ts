import assert from "node:assert/strict";
import { test } from "node:test";
import { pastProxy, rollcallTarget, targetBehindProxy } from "./target-uri.js";

test("host:port and dns:host:port stay with grpc-js; dns:/// and every scheme of a backend do not", () => {
  assert.equal(rollcallTarget({ scheme: "dns", path: "order:8080" }), undefined);
  assert.equal(rollcallTarget({ path: "10.0.0.1:8080" }), undefined);
  assert.deepEqual(rollcallTarget({ scheme: "dns", authority: "", path: "order:8080" }), {
    scheme: "dns",
    authority: "",
    path: "order:8080",
  });
  assert.equal(rollcallTarget({ scheme: "etcd", path: "h1?key=a" })?.scheme, "etcd");
});

test("a scheme that grpc-js took for a part of a host name is read as the scheme that was meant", () => {
  for (const path of ["K8s://shop/order:80", "  k8s://shop/order:80"]) {
    assert.deepEqual(rollcallTarget({ scheme: "dns", path }), {
      scheme: "k8s",
      authority: "",
      path: "//shop/order:80",
    });
  }
});

test("of what grpc-js would ask a proxy for, a registry's target is known and hidden, a name of DNS is not", () => {
  const options = { "grpc.http_connect_target": "etcd:///h1:2379,h2:2379?key=order" };
  const target = { scheme: "etcd", authority: "", path: "h1:2379,h2:2379?key=order" };
  assert.deepEqual(targetBehindProxy(options), target);
  assert.deepEqual(targetBehindProxy(pastProxy(options)), target);
  assert.equal(pastProxy(options)["grpc.http_connect_target"], "etcd:///[]h1:2379,h2:2379?key=order");
  for (const dns of ["dns:///order:8080", "dns:order:8080"]) {
    assert.equal(targetBehindProxy({ "grpc.http_connect_target": dns }), undefined);
  }
  assert.equal(targetBehindProxy({}), undefined);
});
