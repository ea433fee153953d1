import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { loadConfig } from "./load.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const server = rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional() });

test("what cannot be read is told from what is wrong inside", async () => {
  const missing = join(dirname(file.name), "missing.yaml");
  await assert.rejects(loadConfig(missing, server), { name: "ConfigError", message: `${missing}: does not exist` });
  await assert.rejects(loadConfig("no/such.yaml", server), {
    message: `no/such.yaml: does not exist (looked for ${join(process.cwd(), "no/such.yaml")})`,
  });
  await assert.rejects(loadConfig("cart.toml", server), {
    message: "cart.toml: is no file type known here; expected .yaml, .yml or .json",
  });
  assert.deepEqual(await file.problems(Uint8Array.of(0x4e, 0xff, 0xfe), server), ["is not UTF-8 text"]);
});

test("hostile YAML neither hangs nor crashes", async () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [name, of] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"])
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${of}`)}]`);
  assert.match((await file.problems(`${bomb.join("\n")}\n`, server))[0]!, /is not usable YAML: excessive alias count/);

  const recursive: z.ZodType = z.lazy(() => z.object({ Node: recursive.optional() }));
  assert.match((await file.problems("Node: &n { node: *n }\n", recursive))[0]!, /is not usable YAML/);
  assert.match((await file.problems(`a: ${"[".repeat(5_000)}\n`, server))[0]!, /is not YAML/);
});
