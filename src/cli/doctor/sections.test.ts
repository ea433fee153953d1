import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPath } from "../../config/config-error.js";
import { findSections } from "./sections.js";

/** `server`, `client Orders`, or `client? Orders` for a likely one; a template in parentheses, and a list in brackets. */
function found(config: unknown, shared: readonly string[] = []): string[] {
  return findSections(config, (path) => shared.includes(keyPath(path))).map(({ kind, path, standing }) => {
    const text = `${kind}${standing === "likely" ? "?" : ""} ${keyPath(path)}`.trimEnd();
    if (standing === "list") return `[${text}]`;
    return standing === "template" ? `(${text})` : text;
  });
}

const etcd = { Hosts: ["h:1"], Key: "a" };

test("servers and clients are found by their names and their keys, wherever they are", () => {
  for (const [config, ...sections] of [
    [{ Name: "a", ListenOn: ":1" }, "server"],
    [{ name: "a", LISTENON: ":1", etcd }, "server"],
    [{ Name: "a", Etcd: etcd }, "server"],
    [{ ListenOnn: ":1" }, "server"],
    [{ Etcd: etcd }, "client"],
    [{ OrderRpc: { Etcd: etcd } }, "client OrderRpc"],
    [{ OrderRpc: {} }, "client OrderRpc"],
    [{ Orders: { Etdc: { hosts: [], KEY: "a" } } }, "client Orders"],
    [{ Name: "a", ListenOn: ":1", B: { CRpc: { Target: "dns:///a:1" } } }, "server", "client B.CRpc"],
    [{ Name: "a", Port: 80, OrderRpc: { Etdc: etcd }, Redis: { Host: "r" } }, "client OrderRpc"],
    [
      { Upstreams: [{ Grpc: { Etcd: etcd } }, { Rpcs: [{ Etcd: etcd }] }] },
      "client Upstreams[0].Grpc",
      "client Upstreams[1].Rpcs[0]",
    ],
    [{ OrderRpc: [{ Etcd: { Key: "a" } }] }, "client OrderRpc[0]"],
    [{ Redis: { Host: "r" } }],
    [null],
    ["text"],
  ] as const) {
    assert.deepEqual(found(config), sections, JSON.stringify(config));
  }
});

test("keys that applications have too make a likely section, and only where their values are of the form", () => {
  for (const [own, ...sections] of [
    [{ Endpoints: ["http://127.0.0.1:9200"] }, "client? Own"],
    [{ Endpoint: ["a:1"] }, "client? Own"],
    [{ Target: "#oncall" }, "client? Own"],
    [{ Etcd: { Key: "order.rpc" } }, "client? Own"],
    [{ Etcd: { Endpoints: ["a:1"], Key: "key.pem" } }, "client? Own"],
    [{ ListenOn: ":9000" }, "server? Own"],
    [{ Endpoint: "https://s3.example.com", Target: { Cpu: 50 }, Etcd: "off", Endpoints: [] }],
    [{ Target: "", Targets: ["a"], Etcd: {} }],
  ] as const) {
    assert.deepEqual(found({ Own: own }), sections, JSON.stringify(own));
  }
  assert.deepEqual(
    found({ Scrape: [{ Target: "a:9100" }, { In: { Target: "b:9100" } }, { OrderRpc: { Target: "c:1" } }] }),
    ["[client Scrape]", "client Scrape[2].OrderRpc"],
    "of a list sure ones alone, and the others as one",
  );
  assert.deepEqual(found({ OrderRpc: null, UseRpc: true }), ["client? OrderRpc"]);
});

test("what YAML's aliases stand for is a template, unless its name says that it is a client", () => {
  const config = { Base: { Etcd: etcd, OrderRpc: { Etcd: etcd } }, PayRpc: { Etcd: etcd } };
  assert.deepEqual(found(config, ["Base", "PayRpc"]), ["(client Base)", "(client Base.OrderRpc)", "client PayRpc"]);
});

test("a key that no schema can have, and what is nested without end, are left alone", () => {
  const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [{ inner }], { Etcd: etcd });
  assert.deepEqual(found({ deep, ...JSON.parse(`{ "__proto__": { "Etcd": ${JSON.stringify(etcd)} } }`) }), []);
});
