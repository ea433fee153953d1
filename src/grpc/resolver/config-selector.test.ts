import assert from "node:assert/strict";
import { test } from "node:test";
import { Metadata } from "@grpc/grpc-js";
import { ChannelStatus } from "../../discovery/status.js";
import { configSelector } from "./config-selector.js";

test("a program that calls any path, as a proxy does, makes the selector remember a bounded number of them", () => {
  const status = new ChannelStatus({ scheme: "etcd", hosts: [], service: "order", params: {} });
  const timeout = { seconds: 1, nanos: 0 };
  const methodConfigs = [{ name: [{ service: "shop.S4999" }], timeout }];
  const selector = configSelector(methodConfigs, status, { observe: false });
  for (let i = 0; i < 5_000; i++) selector.invoke(`/shop.S${i}/Get`, new Metadata(), 0);
  assert.ok(status.called.has("shop.S0"));
  assert.ok(status.called.size <= 1_000, `${status.called.size} services are remembered`);
  const { methodConfig } = selector.invoke("/shop.S4999/Get", new Metadata(), 0);
  assert.deepEqual(methodConfig.timeout, timeout, "and gives each its own config all the same");
});
