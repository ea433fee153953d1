import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isGoZeroOnly } from "../../src/config/schema/field-annotations.js";
import { type Schema, structureOf } from "../../src/config/yaml/structure.js";
import { rpcClientConfig, rpcServerConfig } from "../../src/index.js";
import { interopSkipReason, readWithGozero } from "../support/real-parts/gozero.js";
import { assertSameReading } from "./both-readings.js";

const skip = interopSkipReason();
const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/interop.md", root), "utf8");
const [, everyKey = ""] = /^## Every key$([\s\S]*?)^## /m.exec(page) ?? [];

const HEADINGS = ["A server", "A client", "Etcd, of both"];

/** What the schema takes and checks, and what means nothing all the same: the table says why. */
const TAKEN_FOR_NOTHING = ["NonBlock"];

interface Row {
  readonly keys: string[];
  readonly tests: string[];
  /** Whether it says that the keys mean nothing here. */
  readonly nothing: boolean;
}

/** The rows of the table under a heading: keys, and the tests they name. */
function rowsOf(heading: string): Row[] {
  const [, section = ""] = new RegExp(`^### ${heading}$([\\s\\S]*?)(?=^### |$(?![\\s\\S]))`, "m").exec(everyKey) ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const quoted = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
  return rows.map((row) => {
    const cells = row.split("|");
    const nothing = /^\s*nothing\b/.test(cells[3] ?? "");
    return { keys: quoted(cells[1]), tests: quoted(cells[4]), nothing };
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

test("each row names tests that are there, and that speak of its keys where they mean something", () => {
  const rows = HEADINGS.flatMap(rowsOf);
  assert.ok(rows.length > 25, `${rows.length} rows`);
  for (const { keys, tests, nothing } of rows) {
    assert.ok(tests.length > 0, `${keys} names no test`);
    for (const path of tests) assert.ok(existsSync(new URL(path, root)), `${keys}: there is no ${path}`);
    const text = tests.map((path) => readFileSync(new URL(path, root), "utf8")).join();
    const wordOf = (key: string) => key.replace(/\.\*$/, "").split(".").pop()!;
    const unspoken = keys.filter((key) => !new RegExp(`\\b${wordOf(key)}\\b`).test(text));
    assert.deepEqual(nothing ? [] : unspoken, [], `not in ${tests}`);
  }
});

/** The keys that a schema reads past, whatever they hold. */
function readPast(schema: Schema, before = ""): string[] {
  return [...structureOf([schema]).fields].flatMap(([name, fields]) =>
    fields.some(isGoZeroOnly) ? [before + name] : fields.flatMap((field) => readPast(field, `${before}${name}.`)),
  );
}

test("the keys that mean nothing in the table are those that the schemas read past, and no others", () => {
  const rows = HEADINGS.flatMap(rowsOf).filter(({ nothing }) => nothing);
  const documented = rows.flatMap(({ keys }) => keys.map((key) => key.replace(/\.\*$/, "")));
  const known = [...readPast(rpcServerConfig), ...readPast(rpcClientConfig), ...TAKEN_FOR_NOTHING];
  assert.deepEqual(documented.sort(), known.sort());
});

test("what go-redis alone understands is read by both", { skip }, () =>
  assertSameReading(
    `Name: a
ListenOn: ":80"
Redis: { Host: "r:6379", Key: k, Protocol: 2, DisableIdentity: true, MaintNotifications: auto }`,
    "server",
  ),
);
