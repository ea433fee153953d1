import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();

test("key names match in any case, and the free keys of an application stay as they are", async () => {
  const schema = rpcServerConfig.extend({
    Limits: z.record(z.string(), z.object({ PerSecond: z.number() })),
    Extra: z.unknown(),
  });
  const { config } = await file.load(
    "name: a\nLISTENON: :80\netcd: { hosts: [h:1], KEY: a }\nlimits: { etcd: { perSecond: 1 }, Etcd: { PERSECOND: 2 } }\nextra: { name: x }\n",
    schema,
  );
  assert.deepEqual(config.Etcd?.Key, "a");
  assert.deepEqual(config.Limits, { etcd: { PerSecond: 1 }, Etcd: { PerSecond: 2 } });
  assert.deepEqual(config.Extra, { name: "x" });
});

test("keys are found through unions, lists, defaults and merge keys", async () => {
  const schema = z.object({
    Clients: z.array(rpcClientConfig),
    Either: z.union([z.object({ Left: z.string() }), z.object({ Right: z.string() })]).default({ Left: "" }),
  });
  const { config } = await file.load(
    "base: &base { timeout: 1, target: 'dns:///a:1' }\nclients:\n  - { <<: *base, timeout: 2 }\n  - *base\neither: { RIGHT: x }\n",
    schema,
  );
  assert.deepEqual(
    config.Clients.map(({ Timeout, Target }) => [Timeout, Target]),
    [
      [2, "dns:///a:1"],
      [1, "dns:///a:1"],
    ],
  );
  assert.deepEqual(config.Either, { Right: "x" });
});

test("each place of a tuple has a schema of its own", async () => {
  const schema = z.object({ Pair: z.tuple([z.object({ Host: z.string() }), z.looseObject({})]) });
  const { config } = await file.load("Pair: [{ host: a }, { host: }]\n", schema);
  assert.deepEqual(config.Pair, [{ Host: "a" }, { host: null }]);
});
