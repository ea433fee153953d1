import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectionSettings, connectionKey, normaliseSettings } from "./settings.js";

const SAME: readonly [string, ConnectionSettings, ConnectionSettings][] = [
  ["the order of hosts", { hosts: ["a:1", "b:1"] }, { hosts: ["b:1", "a:1"] }],
  ["a host twice", { hosts: ["a:1", "a:1"] }, { hosts: ["a:1"] }],
  ["several hosts in one text", { hosts: ["a:1,b:1"] }, { hosts: ["a:1", "b:1"] }],
  ["the default port", { hosts: ["a"] }, { hosts: ["a:2379"] }],
  ["http://, and a slash at the end", { hosts: ["http://a:1/"] }, { hosts: ["a:1"] }],
  ["https://", { hosts: ["https://a"] }, { hosts: ["a"], tls: true }],
  ["letters of a host name", { hosts: ["Etcd.Local"] }, { hosts: ["etcd.local"] }],
  ["defaults written out", { hosts: ["a"] }, { hosts: ["a"], insecureSkipVerify: false, tls: false }],
  ["undefined and left out", { hosts: ["a"] }, { hosts: ["a"], user: undefined, tls: undefined }],
  ["an empty text and left out", { hosts: ["a"] }, { hosts: ["a"], user: "", pass: "", caCertFile: "" }],
  ["TLS that a file turns on", { hosts: ["a"], caCertFile: "ca" }, { hosts: ["a"], caCertFile: "./ca", tls: true }],
];

test("settings that mean the same connection share it, however they are written", () => {
  for (const [what, a, b] of SAME) assert.equal(connectionKey(a), connectionKey(b), what);
});

test("settings that mean different connections do not share one", () => {
  const a = { hosts: ["a"] };
  for (const other of [
    { hosts: ["a", "b"] },
    { ...a, user: "u" },
    { ...a, user: "u", pass: "p" },
    { ...a, tls: true },
    { ...a, insecureSkipVerify: true },
    { ...a, caCertFile: "ca" },
  ]) {
    assert.notEqual(connectionKey(a), connectionKey(other), JSON.stringify(other));
  }
});

test("normalising twice changes nothing", () => {
  for (const [, settings] of SAME) {
    const once = normaliseSettings(settings);
    assert.deepEqual(normaliseSettings(once), once);
  }
});
