import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import {
  type ClientConfig,
  createChannel,
  createClient,
  createServer,
  type ServerSettings,
} from "../../../src/index.js";
import { EchoClient } from "../../support/echo.js";

const ENDPOINTS = ["127.0.0.1:1"];

test("a value that cannot be obeyed is refused by its name where the client is made", () => {
  for (const [settings, message] of [
    [{ Subset: "2" }, /Subset: expected a number of instances, 0 for all, got "2"$/],
    [{ Subset: 1.5 }, /Subset: expected .* got 1.5$/],
    [{ Subset: -1 }, /Subset: expected .* got -1$/],
    [{ Subset: Number.NaN }, /Subset: expected .* got NaN$/],
    [{ HealthCheck: "no" }, /HealthCheck: expected true or false, got "no"$/],
    [{ Zone: 7 }, /Zone: expected the name of a zone .* got 7$/],
    [{ BalancerName: "p2c" }, /BalancerName: expected p2c_ewma, .* got "p2c"$/],
    [{ BalancerName: 1 }, /BalancerName: expected .* got 1$/],
    [{ Timeout: "2s" }, /Timeout: expected whole milliseconds, 0 for none, got "2s"$/],
    [{ KeepaliveTime: "20s" }, /KeepaliveTime: expected milliseconds, .* got "20s"$/],
    [{ Middlewares: { Trace: "off" } }, /Middlewares\.Trace: expected true or false, got "off"$/],
    [{ Token: 12345 }, /Token: expected the token that belongs to App .* got a number \(not shown\)$/],
    [{ Methods: { FullMethod: "/a/b" } }, /Methods: expected a list of methods/],
    [{ Endpoints: "127.0.0.1:1" }, /Endpoints: expected a list of addresses/],
  ] as [object, RegExp][]) {
    const config = { Endpoints: ENDPOINTS, ...settings } as ClientConfig;
    assert.throws(() => createClient(EchoClient, config), { name: "TypeError", message });
    assert.throws(() => createChannel(config), { name: "TypeError", message });
  }
});

test("a setting that the chosen balancer would ignore is refused by its name", () => {
  const all = {
    Subset: 2,
    Zone: "a",
    MaxSetAside: 0.2,
    Snapshot: { Dir: join(tmpdir(), "rollcall-unused") },
    HashKey: {},
  };
  const obeyedBy = {
    p2c_ewma: ["Subset", "Zone", "MaxSetAside", "Snapshot"],
    consistent_hash: ["Subset", "MaxSetAside", "Snapshot", "HashKey"],
    round_robin: [],
    pick_first: [],
  } as const;
  for (const [BalancerName, obeyed] of Object.entries(obeyedBy)) {
    for (const [name, value] of Object.entries(all)) {
      const config = { Endpoints: ENDPOINTS, BalancerName, [name]: value } as ClientConfig;
      if ((obeyed as readonly string[]).includes(name)) createChannel(config).close();
      else {
        const message = new RegExp(`${name}: counts with BalancerName: .*(?:p2c_ewma|consistent_hash) alone`);
        assert.throws(() => createChannel(config), { name: "TypeError", message });
      }
    }
    const defaults = { Subset: 0, MaxSetAside: 0.5, HealthCheck: true, Zone: undefined };
    createChannel({ Endpoints: ENDPOINTS, BalancerName: BalancerName as "p2c_ewma", ...defaults }).close();
  }
});

test("Hedge without a Delay is refused where the policy cannot send a copy to another instance", () => {
  const message =
    /^Hedge without a Delay needs p2c_ewma or consistent_hash, .* is round_robin: choose one of them, or give Hedge a Delay$/;
  const refused = { name: "TypeError", message };
  const roundRobin = { Endpoints: ENDPOINTS, BalancerName: "round_robin" } as const;
  assert.throws(() => createChannel({ ...roundRobin, Hedge: {} }), refused);
  assert.throws(() => createChannel({ ...roundRobin, Methods: [{ FullMethod: "/a/b", Hedge: {} }] }), refused);
  const channelOptions = { "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) };
  assert.throws(() => createChannel({ Endpoints: ENDPOINTS, Hedge: {} }, { channelOptions }), refused);
  createChannel({ ...roundRobin, Hedge: { Delay: 20 } }).close();
  for (const BalancerName of ["p2c_ewma", "consistent_hash"] as const)
    createChannel({ Endpoints: ENDPOINTS, BalancerName, Hedge: {} }).close();
});

test("a misspelt setting is refused by its name: it would leave out TLS, or who may call", () => {
  const config = { Endpoints: ENDPOINTS };
  const refused = (message: RegExp) => ({ name: "TypeError", message });
  const misspelt = { credential: grpc.credentials.createSsl() } as object;
  assert.throws(() => createClient(EchoClient, config, misspelt), refused(/did you mean credentials\?$/));
  assert.throws(() => createChannel(config, misspelt), refused(/did you mean credentials\?$/));
  const server = (settings: unknown) => () => createServer({ ListenOn: ":0" }, () => {}, settings as ServerSettings);
  assert.throws(
    server({ authentiacte: () => true }),
    refused(/createServer has no option .* did you mean authenticate/),
  );
  assert.throws(server({ authenticate: "yes" }), refused(/authenticate is "yes"; expected a function/));
  assert.throws(server({ registry: 5 }), refused(/the target is 5; expected a URL/));
  assert.throws(server(null), refused(/createServer takes its options by name/));
  assert.throws(() => createServer({ ListenOn: ":0" }, undefined as never), refused(/second argument is undefined/));
});

test("a service config that is no JSON of an object is refused by its name, and one with no list of methods", () => {
  const withConfig = (given: unknown) => () =>
    createClient(
      EchoClient,
      { Endpoints: ENDPOINTS },
      { channelOptions: { "grpc.service_config": given } as grpc.ChannelOptions },
    );
  for (const [given, shown] of [
    ["{methodConfig", '"{methodConfig"'],
    ["null", '"null"'],
    ["[]", '"[]"'],
    [{ methodConfig: [] }, "an object"],
    [7, "7"],
  ] as const) {
    const message = `channelOptions["grpc.service_config"] is ${shown}; expected a service config as JSON text, {"methodConfig": []}`;
    assert.throws(withConfig(given), { name: "TypeError", message });
  }
  assert.throws(withConfig('{"methodConfig": 5}'), {
    message: "grpc.service_config has methodConfig 5; expected a list",
  });
});

test("what is undefined, or go-zero's empty BalancerName, has its default", () => {
  createChannel({ Endpoints: ENDPOINTS, Subset: undefined, BalancerName: "" as "p2c_ewma", Zone: undefined }).close();
});

test("a bare client's service config for p2c_ewma is refused by field, where plain grpc-js would quietly pick first", () => {
  const withConfig = (loadBalancingConfig: object[]) => () =>
    new EchoClient("direct:///127.0.0.1:1,127.0.0.1:2", grpc.credentials.createInsecure(), {
      "grpc.service_config": JSON.stringify({ loadBalancingConfig }),
    }).close();
  for (const [config, message] of [
    [[{ p2c_ewma: { subset: -1 } }], /p2c_ewma\.subset is -1; expected a whole number/],
    [[{ p2c_ewma: { subset: "2" } }], /p2c_ewma\.subset is "2"/],
    [[{ p2c_ewma: { healthCheck: "no" } }], /p2c_ewma\.healthCheck is "no"/],
    [[{ p2c_ewma: { subsett: 2 } }], /p2c_ewma has no field "subsett": did you mean subset\?/],
    [[{ p2c_ewma: { toString: 2 } }], /p2c_ewma has no field "toString": its fields are/],
    [[{ other: {} }, { p2c_ewma: { zone: 3 } }], /p2c_ewma\.zone is 3/],
    [[{ p2c: {} }], /no load-balancing policy is called p2c: known are p2c_ewma/],
  ] as [object[], RegExp][]) {
    assert.throws(withConfig(config), message);
  }
  for (const fine of [[{ other: {} }, { p2c_ewma: {} }], [{ round_robin: {} }], []]) withConfig(fine)();
  const plain = new EchoClient("127.0.0.1:1", grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ no_such_policy: { subset: -1 } }] }),
  });
  plain.close();
});

test("a scheme's capitals and spaces around a target do not matter, in code, in a bare client and in the service's name", () => {
  for (const target of ["K8s://shop/order:80", " k8s://shop/order:80 ", "K8S:///order:80"]) {
    createChannel({ Target: target }).close();
    new EchoClient(target, grpc.credentials.createInsecure()).close();
  }
  const channel = createChannel({ Target: " DISCOV:///h1:1?key=order.rpc " });
  assert.equal(channel.getTarget(), "discov:///h1:1?key=order.rpc");
  channel.close();
});

test("a scheme that no backend has is refused by its name, where the client is made", () => {
  const message = /no backend is called "consull": known are .*etcd/;
  assert.throws(() => createChannel({ Target: "consull:///h1:1?key=a" }), message);
  assert.throws(() => new EchoClient("consull:///h1:1?key=a", grpc.credentials.createInsecure()), message);
});
