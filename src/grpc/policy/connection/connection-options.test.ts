import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionOptions, quietKeepaliveMs } from "./connection-options.js";

const throughProxy = { "grpc.http_connect_target": "dns:proxy:3128", "grpc.http_connect_creds": "user:secret" };

test("an instance that was discovered is connected to directly, whatever is said of proxies", () => {
  const options = connectionOptions({ ...throughProxy, "grpc.enable_http_proxy": 1 }, true);
  assert.equal(options["grpc.enable_http_proxy"], 0);
  assert.equal("grpc.http_connect_creds" in options, false);
});

test("endpoints that another resolver found keep the proxy that goes with them", () => {
  const options = connectionOptions(throughProxy, false);
  assert.equal(options["grpc.http_connect_target"], "dns:proxy:3128");
});

test("the application's options go before Rollcall's, and what is for the channel only is left out", () => {
  const options = connectionOptions({ "grpc.keepalive_time_ms": 20_000, "grpc.internal.x": 1 }, true);
  assert.equal(options["grpc.keepalive_time_ms"], 20_000);
  assert.equal("grpc.internal.x" in options, false);
});

test("quiet connections are probed where health is watched, at the application's pace where it gives one", () => {
  assert.equal(quietKeepaliveMs({}, true), 230_000);
  assert.equal(quietKeepaliveMs({}, false), undefined);
  assert.equal(quietKeepaliveMs({ "grpc.keepalive_time_ms": 20_000 }, true), 20_000);
  assert.equal(quietKeepaliveMs({ "grpc.keepalive_time_ms": -1 }, true), undefined);
});
