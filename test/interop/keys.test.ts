import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { interopSkipReason, readWithGozero } from "../support/gozero.js";
import { assertSameReading } from "./both-readings.js";

const skip = interopSkipReason();
const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/interop.md", root), "utf8");
const [, everyKey = ""] = /^## Every key$([\s\S]*?)^## /m.exec(page) ?? [];

/** The rows of the table under a heading: keys, and the tests they name. */
function rowsOf(heading: string): { keys: string[]; tests: string[] }[] {
  const [, section = ""] = new RegExp(`^### ${heading}$([\\s\\S]*?)(?=^### |$(?![\\s\\S]))`, "m").exec(everyKey) ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const quoted = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
  return rows.map((row) => {
    const cells = row.split("|");
    return { keys: quoted(cells[1]), tests: quoted(cells[4]) };
  });
}

/** The paths of all keys of go-zero's structs; those of Etcd are the same in both. */
function pathsOf(value: object, before = ""): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const one: unknown = Array.isArray(inner) ? inner[0] : inner;
    return typeof one === "object" && one !== null ? pathsOf(one, `${before}${key}.`) : [before + key];
  });
}

test("docs/interop.md has every key that go-zero has, and no other", { skip }, async () => {
  const yaml = `Name: a
ListenOn: ":80"
Etcd: { Hosts: ["h:1"], Key: a }
MethodTimeouts: [{ FullMethod: /a.B/C, Timeout: 1s }]
OrderRpc: {}`;
  const { OrderRpc, ...server } = await readWithGozero(yaml, "both");
  for (const [heading, config] of [
    ["A server", server],
    ["A client", OrderRpc as object],
  ] as const) {
    const documented = [...rowsOf(heading), ...rowsOf("Etcd, of both")].flatMap(({ keys }) => keys);
    const known = pathsOf(config);
    const covers = (key: string, path: string) =>
      key.endsWith(".*") ? path.startsWith(key.slice(0, -1)) : path === key;
    assert.deepEqual(
      known.filter((path) => !documented.some((key) => covers(key, path))),
      [],
      `${heading}: keys without a row`,
    );
    assert.deepEqual(
      documented.filter((key) => !known.some((path) => covers(key, path))),
      [],
      `${heading}: rows without a key`,
    );
  }
});

test("each row names a test that is there", () => {
  const rows = ["A server", "A client", "Etcd, of both"].flatMap(rowsOf);
  assert.ok(rows.length > 25, `${rows.length} rows`);
  for (const { keys, tests } of rows) {
    assert.ok(tests.length > 0, `${keys} names no test`);
    for (const path of tests) assert.ok(existsSync(new URL(path, root)), `${keys}: there is no ${path}`);
  }
});

test("what go-redis alone understands is read by both", { skip }, () =>
  assertSameReading(
    `Name: a
ListenOn: ":80"
Redis: { Host: "r:6379", Key: k, Protocol: 2, DisableIdentity: true, MaintNotifications: auto }`,
    "server",
  ),
);
