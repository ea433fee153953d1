import assert from "node:assert/strict";
import { test } from "node:test";
import { painter } from "../terminal/style.js";
import { renderRows, toRow, withDuplicates, withHealth } from "./rows.js";

const plain = painter({}, {});

test("the table shows what registrations have, and no column that would be empty", () => {
  const known = { key: "order.rpc/7", service: "order.rpc", id: "7", valueBytes: 13 };
  const instance = { address: "10.0.0.1:8080", metadata: { version: "1.2", build: "\u0007" } };
  const rows = [
    toRow({ ...known, instance, lease: 9007199254740993n, ttlSeconds: 7, grantedTtlSeconds: 10 }),
    toRow({ ...known, id: "12", instance: { address: "[::1]:8" }, lease: 1n, ttlSeconds: 0, grantedTtlSeconds: 0 }),
    toRow({ ...known, id: "13", instance: { address: "[::1]:9" }, lease: 2n }),
  ];
  assert.equal(rows[0]!.lease, "9007199254740993");
  assert.equal(
    renderRows(rows, plain),
    `SERVICE    ADDRESS        ID  TTL      VERSION  METADATA
order.rpc  10.0.0.1:8080  7   7/10 s   1.2      build=\\u0007
order.rpc  [::1]:8        12  expired
order.rpc  [::1]:9        13  unknown`,
  );
});

test("age, health, pauses and addresses under several keys are told", () => {
  const known = { service: "a", valueBytes: 1, instance: { address: "h:1" } };
  const rows = withDuplicates([
    toRow({ ...known, key: "a/1", id: "1", since: Date.now() - 7_200_000 }),
    toRow({ ...known, key: "a/2", id: "2" }),
    toRow({ ...known, key: "a/3", id: "3", instance: { address: "h:2" }, paused: true }),
    toRow({ ...known, key: "b/4", id: "4", service: "b" }),
  ]);
  const shown = withHealth(rows, new Map([["h:1", "serving"]]));
  assert.deepEqual(
    shown.map(({ ageSeconds, duplicates, paused, health }) => [ageSeconds, duplicates, paused, health]),
    [
      [7_200, 2, undefined, "serving"],
      [undefined, 2, undefined, "serving"],
      [undefined, undefined, true, undefined],
      [undefined, undefined, undefined, "serving"],
    ],
  );
  assert.equal(
    renderRows(shown, plain),
    `SERVICE  ADDRESS  ID  TTL       AGE  STATE               HEALTH
a        h:1      1   no lease  2 h  duplicate (2 keys)  serving
a        h:1      2   no lease       duplicate (2 keys)  serving
a        h:2      3   no lease       paused
b        h:1      4   no lease                           serving`,
  );
});

test("no metadata shows a secret, whatever stands beside it", () => {
  const metadata = { note: "dsn=password=hunter2", quote: '"', "api-key": "abc", last: "x" };
  const row = toRow({ key: "a/1", service: "a", id: "1", valueBytes: 1, instance: { address: "h:1", metadata } });
  const table = renderRows([row], plain);
  assert.match(table, /note=dsn=password=\.\.\. quote=" api-key=\.\.\. last=x$/);
});
