import assert from "node:assert/strict";
import { test } from "node:test";
import { nearMiss } from "./key-names.js";

const KNOWN = [
  "Name",
  "ListenOn",
  "Etcd",
  "Timeout",
  "Hosts",
  "Key",
  "ID",
  "KeepaliveTime",
  "CertKeyFile",
  "CACertFile",
];

test("a slip of the pen is traced to the name that was meant", () => {
  for (const [written, meant] of [
    ["Etdc", "Etcd"],
    ["etc", "Etcd"],
    ["Host", "Hosts"],
    ["Kye", "Key"],
    ["timeuot", "Timeout"],
    ["ListenOnn", "ListenOn"],
    ["KeepAliveTimes", "KeepaliveTime"],
    ["CertKeyFlie", "CertKeyFile"],
    ["CaCertFil", "CACertFile"],
  ]) {
    assert.equal(nearMiss(written!, KNOWN), meant, written);
  }
});

test("another word is no near miss, nor is the name itself", () => {
  for (const written of ["Redis", "IP", "I", "Game_", "Hosting", "etcd", "Cache", ""]) {
    assert.equal(nearMiss(written, KNOWN), undefined, written);
  }
});
