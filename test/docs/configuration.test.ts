import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { z } from "zod";
import { isGoZeroOnly } from "../../src/config/schema/field-annotations.js";
import { parseGoDuration } from "../../src/config/schema/go-duration.js";
import { rpcClientConfig } from "../../src/config/schema/rpc-client-config.js";
import { rpcServerConfig } from "../../src/config/schema/rpc-server-config.js";
import { type Schema, structureOf } from "../../src/config/yaml/structure.js";
import { SERVER_DEFAULTS } from "../../src/defaults.js";
import { connectionOptions, quietKeepaliveMs } from "../../src/grpc/policy/connection/connection-options.js";

const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
/** What go-zero has no name for (docs/interop.md). */
const OURS = {
  "A server": ["Methods", "Advertise", "Weight", "Zone", "Metadata"],
  "A client": [
    ...[
      "HashKey",
      "Subset",
      "HealthCheck",
      "MaxSetAside",
      "SlowThreshold",
      "Zone",
      "Retry",
      "Methods",
      "Snapshot",
      "Presence",
    ],
    ...["Hedge.MaxAttempts", "Hedge.Delay", "Hedge.Budget"],
  ],
  Etcd: ["TTL", "Layout"],
  Redis: ["CACertFile"],
} as Readonly<Record<string, string[]>>;

interface Row {
  readonly key: string;
  readonly ours: boolean;
  readonly type: string;
  readonly byDefault: string;
}

/** The rows of the first table under a heading, one for each key. */
function rowsUnder(heading: string): Row[] {
  const [, below] = text.split(new RegExp(`^##+ ${heading}$`, "m"));
  const lines = below!.split("\n");
  const first = lines.findIndex((line) => line.startsWith("| key "));
  const rows: Row[] = [];
  for (const line of lines.slice(first + 2)) {
    if (!line.startsWith("|")) break;
    const [, keys = "", type = "", byDefault = ""] = line.split("|").map((cell) => cell.trim());
    for (const [, key] of keys.matchAll(/`([^`]+)`/g))
      rows.push({ key: key!, ours: keys.includes("_ours_"), type, byDefault });
  }
  return rows;
}

interface Key {
  readonly key: string;
  readonly required: boolean;
  readonly byDefault: unknown;
}

/** The keys of a section; small sections inside it as `Shutdown.WaitTime`. */
function keysOf(schema: Schema, before = ""): Key[] {
  return [...structureOf([schema]).fields].flatMap(([name, field]) => {
    if (field.some(isGoZeroOnly)) return [];
    const key = before + name;
    if (["Log", "Shutdown", "Middlewares", "StatConf", "Hedge"].includes(name)) {
      return field.flatMap((one) => keysOf(one, `${key}.`));
    }
    const layers = field.flatMap((one) => structureOf([one]).layers);
    const kinds = layers.map((layer) => (layer as z.core.$ZodTypes)._zod.def);
    const withDefault = kinds.find((def) => def.type === "default");
    const required = !withDefault && !kinds.some((def) => def.type === "optional");
    return [{ key, required, byDefault: withDefault?.type === "default" ? withDefault.defaultValue : undefined }];
  });
}

function inner(schema: Schema, name: string): Schema {
  return structureOf([schema]).fields.get(name)![0]!;
}

const tables: [heading: string, schema: Schema][] = [
  ["A server", rpcServerConfig],
  ["A client", rpcClientConfig],
  ["HashKey", inner(rpcClientConfig, "HashKey")],
  ["Retry", inner(rpcClientConfig, "Retry")],
  ["Methods", structureOf([inner(rpcClientConfig, "Methods")]).items[0]!],
  ["Snapshot", inner(rpcClientConfig, "Snapshot")],
  ["Etcd", inner(rpcServerConfig, "Etcd")],
  ["Redis", inner(rpcServerConfig, "Redis")],
  ["DevServer", inner(rpcServerConfig, "DevServer")],
  ["Prometheus", inner(rpcServerConfig, "Prometheus")],
  ["Telemetry", inner(rpcServerConfig, "Telemetry")],
];

for (const [heading, schema] of tables) {
  test(`the table "${heading}" of docs/configuration.md has the keys and defaults of the schema`, () => {
    const rows = rowsUnder(heading);
    const keys = keysOf(schema);
    assert.deepEqual(rows.map(({ key }) => key).sort(), keys.map(({ key }) => key).sort());
    for (const { key, required, byDefault } of keys) {
      const row = rows.find((one) => one.key === key)!;
      assert.equal(row.byDefault === "required", required, `${key}: required or not`);
      assert.equal(row.ours, OURS[heading]?.includes(key) ?? false, `${key}: ours or go-zero's`);
      if (byDefault === undefined || byDefault === "") assert.notEqual(row.byDefault, "", key);
      else if (row.type.startsWith("Go duration"))
        assert.equal(Number(parseGoDuration(row.byDefault)) / 1e6, byDefault, key);
      else if (Array.isArray(byDefault)) assert.equal(row.byDefault, byDefault.join(", ") || "none", key);
      else assert.equal(row.byDefault, String(byDefault), key);
    }
  });
}

test("a default that the runtime alone knows is documented too", () => {
  assert.equal(rowsUnder("A server").find(({ key }) => key === "Weight")!.byDefault, String(SERVER_DEFAULTS.Weight));
  const [keepalive] = /^\| `KeepaliveTime` .*$/m.exec(text)!;
  const pings = Number(connectionOptions({}, true)["grpc.keepalive_time_ms"]);
  assert.ok(
    keepalive.includes(`while calls run (\`grpc.keepalive_time_ms\`), ${pings / 1_000} s where it is not given`),
  );
  assert.ok(keepalive.includes(`between probes of quiet connections, then ${quietKeepaliveMs({}, true)! / 1_000} s`));
});

test("every key of go-zero without a meaning here is named", () => {
  const [, paragraph] = /^Accepted and without a meaning here: ([\s\S]*?)\.\s/m.exec(text)!;
  const named = [...paragraph!.matchAll(/`([^`]+)`/g)].map(([, key]) => key!);
  const ignored = [...structureOf([rpcServerConfig]).fields].filter(([, field]) => field.some(isGoZeroOnly));
  assert.deepEqual(named.sort(), ignored.map(([name]) => name).sort());
});
