import assert from "node:assert/strict";
import { test } from "node:test";
import type { Target } from "../../registry.js";
import { etcdSettings } from "./settings.js";
import { etcdForm } from "./target-form.js";

const target = (settings: unknown, params: Target["params"] = {}, hosts = ["10.0.0.1:2379"]): Target => ({
  scheme: "etcd",
  service: "order.rpc",
  hosts,
  params,
  settings,
});

test("go-zero's names are read in any case; an empty text counts as not given", () => {
  const given = { Hosts: [], Key: "x", ID: 7, User: "u", Pass: "p", CertFile: "", InsecureSkipVerify: false };
  assert.deepEqual(etcdSettings(target(given)), {
    hosts: ["10.0.0.1:2379"],
    user: "u",
    pass: "p",
    insecureSkipVerify: false,
    tls: false,
    id: 7n,
  });
});

test("URL parameters win over settings", () => {
  assert.equal(etcdSettings(target({ ttlSeconds: 5 }, { ttl: "7", ttlseconds: "7" })).ttlSeconds, 7);
});

test("hosts are read as etcd's own clients write them", () => {
  const read = (...hosts: string[]) => etcdSettings(target(undefined, {}, hosts));
  assert.deepEqual(read("10.0.0.1", "http://10.0.0.2:1/", "[::1]", "", "10.0.0.1:2379, 10.0.0.3").hosts, [
    "10.0.0.1:2379",
    "10.0.0.2:1",
    "[::1]:2379",
    "10.0.0.3:2379",
  ]);
  assert.equal(read("10.0.0.1").tls, false);
  assert.equal(read("https://10.0.0.1").tls, true);
  assert.equal(etcdSettings(target({ caCertFile: "ca.pem" })).tls, true);
});

test("an ID is exact however large, and one that is not above 0 means none", () => {
  assert.equal(etcdSettings(target({ id: "9223372036854775807" })).id, 9223372036854775807n);
  for (const none of [0, -1, "0", 0n]) assert.equal(etcdSettings(target({ id: none })).id, undefined);
});

test("what cannot work is refused, naming the setting", () => {
  for (const [settings, expected] of [
    [{ pass: "p" }, /Etcd\.Pass.*Etcd\.User/],
    [{ certFile: "c" }, /Etcd\.CertKeyFile/],
    [{ certKeyFile: "c" }, /Etcd\.CertFile/],
    [{ id: 2 ** 60 }, /Etcd\.ID.*quotes/],
    [{ id: "seven" }, /Etcd\.ID/],
    [{ ttlSeconds: 0 }, /TTL/],
    [{ ttlSeconds: 1.5 }, /TTL/],
    [{ ttlSeconds: "long" }, /ttlSeconds/],
    [{ ttlSeconds: 9_000_000_001 }, /TTL is 9000000001 s; etcd takes at most 9000000000 s/],
    [{ ttl: "10000000000000000000" }, /TTL.*at most/],
    [{ user: {} }, /user/],
    [{ insecureSkipVerify: "maybe" }, /insecureSkipVerify.*true or false/],
    [{ tls: false, caCertFile: "ca.pem" }, /tls is false.*Etcd\.CACertFile/],
    ["text", /object/],
  ] as const) {
    assert.throws(() => etcdSettings(target(settings)), expected, JSON.stringify(settings));
  }
  assert.throws(() => etcdSettings(target({}, {}, [])), /Etcd\.Hosts/);
  assert.throws(() => etcdSettings(target({}, {}, ["a b:1"])), /"a b:1"/);
});

test("the longest TTL that etcd grants is taken", () => {
  assert.equal(etcdSettings(target({ ttlSeconds: 9_000_000_000 })).ttlSeconds, 9_000_000_000);
});

test("the layout is a parameter of the URL and a setting, in any case; an unknown one is refused by name", () => {
  const read = (params: Record<string, string>, settings?: object) =>
    etcdSettings({ scheme: "etcd", hosts: ["h:2379"], service: "order", params, settings }).layout;
  assert.ok(etcdForm("etcd").params?.includes("layout"));
  assert.equal(read({ layout: "Kratos" }), "kratos");
  assert.equal(read({}, { Layout: "kratos-tls" }), "kratos-tls");
  assert.equal(read({}, { Layout: "" }), undefined);
  assert.throws(() => read({ layout: "consul" }), /Etcd\.Layout is "consul"; expected one of go-zero, kratos/);
  assert.throws(() => read({ layout: "constructor" }), /Etcd\.Layout/);
});
