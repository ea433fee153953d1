// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const server = rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional() });
const SERVER = "Name: cart.rpc\nListenOn: :8080\n";

test("a client inside a server's file inherits where etcd is, as in go-zero", async () => {
  const { config, warnings } = await file.load(
    `${SERVER}Etcd: { Hosts: [h:1], Key: cart.rpc, User: u, Pass: p }\nOrderRpc: { etcd: { key: order.rpc, User: other } }\n`,
    server,
  );
  assert.deepEqual(
    warnings.map(({ key, message }) => `${key} ${message}`),
    ["Etcd.Pass is sent in plain text: give CACertFile, or write the hosts with https://"],
    "what is inherited is warned about once",
  );
  const { Hosts, Key, User, Pass } = config.OrderRpc!.Etcd!;
  assert.deepEqual({ Hosts, Key, User, Pass }, { Hosts: ["h:1"], Key: "order.rpc", User: "other", Pass: "p" });
  assert.equal(config.Etcd!.Key, "cart.rpc");
});

test("what merge keys and aliases bring counts as a section's own before anything is inherited", async () => {
  const { config, warnings } = await file.load(
    `base: &base { etcd: &orders { hosts: [localhost:1], key: order.rpc } }
${SERVER}Etcd: &own { Hosts: [127.0.0.1:1], Key: cart.rpc, User: u, Pass: p }
OrderRpc: { <<: *base, Timeout: 1 }
PayRpc: { Etcd: *orders }
Inner: { Etcd: *own, MailRpc: { Etcd: { Key: mail.rpc } } }
`,
    server.extend({ PayRpc: rpcClientConfig, Inner: z.object({ MailRpc: rpcClientConfig }) }),
  );
  assert.deepEqual(warnings, []);
  const of = ({ Etcd }: z.output<typeof rpcClientConfig>) => [Etcd!.Hosts[0], Etcd!.Key, Etcd!.User];
  assert.deepEqual(of(config.OrderRpc!), ["localhost:1", "order.rpc", "u"]);
  assert.deepEqual(of(config.PayRpc), ["localhost:1", "order.rpc", "u"]);
  assert.deepEqual(of(config.Inner.MailRpc), ["127.0.0.1:1", "mail.rpc", "u"]);
  assert.deepEqual([config.Etcd!.Hosts, config.Etcd!.Key], [["127.0.0.1:1"], "cart.rpc"]);
});

test("a client that inherits the server's own key is warned about", async () => {
  const { config, warnings } = await file.load(
    `${SERVER}Etcd: { Hosts: [h:1], Key: cart.rpc }\nOrderRpc: { Timeout: 1 }\n`,
    server,
  );
  assert.equal(config.OrderRpc!.Etcd!.Key, "cart.rpc");
  assert.deepEqual(
    warnings.map(({ key, message, line, column }) => `${line}:${column} ${key} ${message}`),
    [
      "4:1 OrderRpc.Etcd.Key is taken from the section around it, which means this service itself; write the key of the service that is called",
    ],
  );
  const endpoints = await file.load(
    `${SERVER}Etcd: { Hosts: [h:1], Key: a }\nOrderRpc: { Endpoints: [a:1] }\n`,
    server,
  );
  assert.deepEqual(endpoints.warnings, []);
});

test("Endpoints and Target that say nothing keep no client from inheriting where etcd is", async () => {
  for (const [nothing, ...warnings] of [
    ['Target: ""'],
    ["Target:"],
    ["target: ~"],
    ["Endpoints: []"],
    ["Endpoints: ${NONE}"],
    ["Target: ${UNSET}", "${UNSET} is not set in the environment and became nothing"],
    ['Target: "${UNSET}"', "${UNSET} is not set in the environment and became nothing"],
  ]) {
    const { config, warnings: told } = await file.load(
      `${SERVER}Etcd: { Hosts: [h:1], Key: cart.rpc }\nOrderRpc:\n  ${nothing}\n  Etcd: { Key: order.rpc }\n`,
      server,
      { NONE: "[]" },
    );
    const { Hosts, Key } = config.OrderRpc!.Etcd!;
    assert.deepEqual([Hosts, Key], [["h:1"], "order.rpc"], nothing);
    assert.deepEqual(
      told.map(({ message }) => message),
      warnings,
    );
  }
});

test("an Etcd section that says nothing is filled as if it were absent", async () => {
  for (const nothing of ["", "{}", "[]", "~", "${NONE}"]) {
    const { config, warnings } = await file.load(
      `${SERVER}Etcd: { Hosts: [h:1], Key: cart.rpc }\nOrderRpc: { Etcd: ${nothing} }\n`,
      server,
      { NONE: "" },
    );
    assert.deepEqual([config.OrderRpc!.Etcd?.Hosts, config.OrderRpc!.Etcd?.Key], [["h:1"], "cart.rpc"], nothing);
    assert.deepEqual(
      warnings.map(({ key }) => key),
      ["OrderRpc.Etcd.Key"],
    );
  }
});
