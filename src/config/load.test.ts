// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { setLogger } from "../log.js";
import { ConfigFile } from "../testing/config-file.js";
import { loadConfig } from "./load.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const folder = dirname(file.name);
const server = rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional() });
const SERVER = "Name: cart.rpc\nListenOn: :8080\n";

test("whole numbers survive: numbers where they fit, bigints beyond 2^53", async () => {
  const schema = z.object({ Small: z.number(), Large: z.bigint(), Etcd: z.object({ ID: z.bigint() }) });
  const { config } = await file.load(
    "Small: 9007199254740991\nLarge: 9007199254740993\nEtcd: { ID: 9007199254740993 }",
    schema,
  );
  assert.deepEqual(config, {
    Small: 9007199254740991,
    Large: 9007199254740993n,
    Etcd: { ID: 9007199254740993n },
  });
  const small = await file.load(`${SERVER}Etcd: { Hosts: [h:1], Key: a, ID: 7 }`, server);
  assert.equal(small.config.Etcd!.ID, 7n);
});

test("environment variables fill in values, numbers and lists; those not set are told", async () => {
  const env = { PORT: "9000", HOSTS: "[h1:1, h2:2]", MS: "750" };
  const { config, warnings } = await file.load(
    "Name: cart.rpc # ${COMMENTED}\nListenOn: 0.0.0.0:${PORT}\nEtcd:\n  Hosts: ${HOSTS}\n  Key: a$b${SUFFIX}\nTimeout: ${MS}\n",
    server,
    env,
  );
  assert.equal(config.ListenOn, "0.0.0.0:9000");
  assert.deepEqual(config.Etcd!.Hosts, ["h1:1", "h2:2"]);
  assert.equal(config.Etcd!.Key, "a$b");
  assert.equal(config.Timeout, 750);
  assert.deepEqual(warnings, [
    { key: "", message: "${SUFFIX} is not set in the environment and became nothing", line: 5, column: 11 },
  ]);
});

test("JSON and .yml are read alike", async () => {
  for (const name of ["a.json", "a.yml"]) {
    writeFileSync(join(folder, name), '\ufeff{\n\t"Name": "a",\n\t"ListenOn": ":1"\n}\n');
    assert.equal((await loadConfig(join(folder, name), rpcServerConfig)).ListenOn, ":1");
  }
});

test("near misses and keys without a meaning are logged, each once", async (t) => {
  const lines: string[] = [];
  const note = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`);
  setLogger({ debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") });
  t.after(() => setLogger({ debug() {}, info() {}, warn() {}, error() {} }, "silent"));
  file.write(`${SERVER}Etdc: {}\nProfiling: { Name: x }\nMyOwn: 1\n`);
  await loadConfig(file.name, rpcServerConfig);
  assert.deepEqual(lines, [
    `warn ${file.name}:3:1: Etdc: did you mean Etcd?`,
    `debug ${file.name}: keys of go-zero without a meaning here`,
  ]);
});

test("a file is read into something: without a schema there would be nothing, and no error", async () => {
  file.write(SERVER);
  for (const schema of [undefined, null, "x"]) {
    await assert.rejects(loadConfig(file.name, schema as never), /^TypeError: there is nothing to read the file into/);
  }
});
