import assert from "node:assert/strict";
import { test } from "node:test";
import { findSections } from "./sections.js";

test("servers and clients are found by their shape, wherever they are", () => {
  const etcd = { Hosts: ["h:1"], Key: "a" };
  for (const [config, ...sections] of [
    [{ Name: "a", ListenOn: ":1" }, "server"],
    [{ name: "a", LISTENON: ":1", etcd }, "server"],
    [{ Name: "a", Etcd: etcd }, "server"],
    [{ ListenOnn: ":1" }, "server"],
    [{ Etcd: etcd }, "client"],
    [{ OrderRpc: { Etcd: etcd } }, "client OrderRpc"],
    [{ OrderRpc: {} }, "client OrderRpc"],
    [{ Orders: { Endpoint: ["a:1"] } }, "client Orders"],
    [{ Name: "a", ListenOn: ":1", B: { C: { Target: "dns:///a:1" } } }, "server", "client B.C"],
    [{ Name: "a", Port: 80, OrderRpc: { Etdc: etcd }, Redis: { Host: "r" } }, "client OrderRpc"],
    [{ Redis: { Host: "r" }, List: [{ Etcd: etcd }] }],
    [null],
    ["text"],
  ] as const) {
    const found = findSections(config).sections.map(({ kind, path }) =>
      [kind, ...path].join(" ").replace("B C", "B.C"),
    );
    assert.deepEqual(found, sections, JSON.stringify(config));
  }
});
