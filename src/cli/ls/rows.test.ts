import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTable, toRow } from "./rows.js";

test("the table shows what registrations have, and no column that would be empty", () => {
  const plain = { key: "order.rpc/7", service: "order.rpc", id: "7", valueBytes: 13 };
  const instance = { address: "10.0.0.1:8080", metadata: { version: "1.2", build: "\u0007" } };
  const rows = [
    toRow({ ...plain, instance, lease: 9007199254740993n, ttlSeconds: 7, grantedTtlSeconds: 10 }),
    toRow({ ...plain, id: "12", instance: { address: "[::1]:8" }, lease: 1n }),
  ];
  assert.equal(rows[0]!.lease, "9007199254740993");
  assert.equal(
    renderTable(rows),
    `SERVICE    ADDRESS        ID  TTL      METADATA
order.rpc  10.0.0.1:8080  7   7/10 s   version=1.2 build=\\u0007
order.rpc  [::1]:8        12  expired`,
  );
});
