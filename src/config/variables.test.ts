// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const server = rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional() });
const SERVER = "Name: cart.rpc\nListenOn: :8080\n";

const awkward = [
  ...[
    "p #x",
    "&anchor",
    "*alias",
    "!tag",
    "a: b",
    "- a",
    "[x]",
    "{a: 1}",
    "%",
    "@a",
    "`a",
    "'",
    '"',
    "\\n",
    "yes",
    "~",
  ],
  ...[
    "null",
    "123",
    "1e3",
    "0x10",
    "true",
    "line\nTimeout: 1",
    "\nEtcd:\n  Pass: other",
    "\t",
    " around ",
    "#",
    "|",
    ">",
    "é🔑",
  ],
];
const password = fc.oneof(
  fc.constantFrom(...awkward),
  fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\u0000")),
);
/** Every way to write a value. */
const places = [
  "Etcd: { Hosts: [127.0.0.1:1], Key: a, User: u, Pass: ${PASS} }",
  'Etcd: { Hosts: [127.0.0.1:1], Key: a, User: u, Pass: "${PASS}" }',
  "Etcd: { Hosts: [127.0.0.1:1], Key: a, User: u, Pass: '${PASS}' }",
  "Etcd:\n  Hosts: [127.0.0.1:1]\n  Key: a\n  User: u\n  Pass: ${PASS}",
  "Etcd:\n  Hosts: [127.0.0.1:1]\n  Key: a\n  User: u\n  Pass: |-\n    ${PASS}",
];

test("a password of the environment arrives unchanged and cannot add settings, whatever it is made of", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), password, async (place, PASS) => {
      const { config, warnings } = await file.read(`${SERVER}${place}\nTimeout: 7\n`, rpcServerConfig, { PASS });
      assert.equal(config.Etcd!.Pass, PASS);
      assert.deepEqual([config.Timeout, config.Etcd!.Key, config.Etcd!.User, warnings], [7, "a", "u", []]);
    }),
    { numRuns: 300, examples: awkward.flatMap((one) => places.map((place): [string, string] => [place, one])) },
  );
});

test("a value that is a whole number, switch or list stays possible where one is expected", async () => {
  const env = { N: "750", LIST: '[h1:1, "h2:2"]', OFF: "off", T: "true", ONE: "h3:3", COMMA: "h1:1,h2:2" };
  const { config } = await file.read(
    `${SERVER}Etcd: { Hosts: \${LIST}, Key: a }\nTimeout: \${N}\nHealth: \${OFF}\nOrderRpc: { Endpoints: ["\${ONE}", \${COMMA}], HealthCheck: \${T}, Timeout: 1\${N} }\n`,
    server,
    env,
  );
  assert.deepEqual(config.Etcd!.Hosts, ["h1:1", "h2:2"]);
  assert.deepEqual([config.Timeout, config.Health], [750, false]);
  assert.deepEqual(config.OrderRpc!.Endpoints, ["h3:3", "h1:1", "h2:2"]);
  assert.deepEqual([config.OrderRpc!.HealthCheck, config.OrderRpc!.Timeout], [true, 1750]);
});

test("keys that the schema does not know, and free ones, get what YAML makes of the value", async () => {
  const schema = z.object({ Limits: z.record(z.string(), z.number()), Names: z.array(z.string()), Any: z.unknown() });
  const { config } = await file.read(
    "Limits: { ${WHO}: ${N} }\nNames: [${N}, '${N}']\nAny: { a: ${N}, b: [${LIST}] }\nOther: ${N}\n",
    schema,
    { N: "5", WHO: "shop", LIST: "[1, x]" },
  );
  assert.deepEqual(config, { Limits: { shop: 5 }, Names: ["5", "5"], Any: { a: 5, b: [[1, "x"]] } });
});

test("a variable that is not set is empty text under a free key too, with quotes and without, and a warning", async () => {
  for (const value of ["${NOPE}", '"${NOPE}"']) {
    const { config, warnings } = await file.read(`${SERVER}Metadata: { version: ${value} }\n`, rpcServerConfig);
    assert.deepEqual(config.Metadata, { version: "" });
    assert.match(String(warnings), /^3:\d+ +\$\{NOPE\} is not set in the environment and became nothing$/);
  }
});

test("a free key without a value is empty text where text is expected, as any other key", async () => {
  const { config, warnings } = await file.read(`${SERVER}Metadata: { version: }\n`, rpcServerConfig);
  assert.deepEqual([config.Metadata, warnings], [{ version: "" }, []]);
});

test("a value that only looks like a list is text also where the schema says nothing, and none of it is shown", async (t) => {
  const warned: Error[] = [];
  const listen = (warning: Error) => void warned.push(warning);
  process.on("warning", listen);
  t.after(() => process.off("warning", listen));
  for (const PASS of ["[*hunter2]", "[{ [hunter2]: a }]", "[{ <<: hunter2 }]", "[!hunter2", "[hunter2, hunter2]]"]) {
    const { config } = await file.read("Own: { Pass: ${PASS} }\n", z.looseObject({}), { PASS });
    assert.deepEqual(config, { Own: { Pass: PASS } });
  }
  await setImmediate(); // a warning is told a tick later
  assert.deepEqual(warned, []);
});

test("a mapping in a variable is no section", async () => {
  assert.deepEqual(
    await file.problems(`${SERVER}Etcd: \${ETCD}\n`, rpcServerConfig, { ETCD: "{ Hosts: [h:1], Key: a }" }),
    ['3:7: Etcd: expected keys with values, got "{ Hosts: [h:1], Key: a }"'],
  );
});

test("text that YAML drops is warned about, and a password is not shown by it", async () => {
  for (const [value, warning] of [
    ["!hunter2", '"!" begins a tag'],
    ["&hunter2", '"&" begins an anchor'],
  ] as const) {
    const { warnings } = await file.read(
      `${SERVER}Etcd:\n  Hosts: [127.0.0.1:1]\n  Key: a\n  Pass: ${value}\n`,
      rpcServerConfig,
    );
    assert.ok(warnings[0]!.startsWith("6:") && warnings[0]!.includes(warning), String(warnings));
    assert.doesNotMatch(String(warnings), /hunter2/);
  }
  const [problem] = await file.problems(`${SERVER}Etcd: { Hosts: [h:1], Key: a, Pass: *hunter2 }\n`, rpcServerConfig);
  assert.match(problem!, /^3:37: is not usable YAML: "\*" begins an alias/);
  assert.doesNotMatch(problem!, /hunter2/);
});

test("what cannot be read as YAML is named without being shown, for a password may stand there", async () => {
  for (const value of [
    ...[
      "|hunter2",
      ">hunter2",
      "> hunter2",
      "|+hunter2",
      "|-1 hunter2",
      '"hunter2',
      "'hunter2",
      '"\\uhunter2"',
      '"\\xhunter2"',
    ],
    ...[
      "!hunter2!x",
      "!<hunter2",
      "*hunter2",
      "@hunter2",
      "[hunter2",
      "{hunter2",
      "a: hunter2: b",
      "'x' hunter2",
      "] hunter2",
    ],
  ]) {
    const [problem] = await file.problems(
      `${SERVER}Etcd:\n  Hosts: [127.0.0.1:1]\n  Key: a\n  Pass: ${value}\n`,
      rpcServerConfig,
    );
    assert.match(problem!, /^\d+:\d+: is not (?:usable )?YAML: .{10,}/, value);
    assert.doesNotMatch(problem!, /hun/, value);
  }
});

test("errors of YAML name the variable as it is written", async () => {
  const [problem] = await file.problems("Name: a\nListenOn: *${PORT}\n", rpcServerConfig, { PORT: "1" });
  assert.doesNotMatch(problem!, /[\ue000-\uf8ff]/);
});
