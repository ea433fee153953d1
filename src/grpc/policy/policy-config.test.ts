import assert from "node:assert/strict";
import { test } from "node:test";
import { healthCheckService, parsePolicyConfig } from "./policy-config.js";

test("what is left out has its default", () => {
  assert.deepEqual(parsePolicyConfig({}), {
    subset: 0,
    healthCheck: true,
    healthService: undefined,
    zone: "",
    silentCallGraceMs: 5_000,
    breaker: true,
    maxSetAside: 0.5,
  });
});

test("what is given is taken", () => {
  const json = {
    subset: 20,
    healthCheck: false,
    healthService: "a",
    zone: "b",
    silentCallGrace: "1.5s",
    breaker: false,
    maxSetAside: 0.2,
  };
  assert.deepEqual(parsePolicyConfig(json), {
    subset: 20,
    healthCheck: false,
    healthService: "a",
    zone: "b",
    silentCallGraceMs: 1_500,
    breaker: false,
    maxSetAside: 0.2,
  });
});

test("what cannot be obeyed is refused by name, unknown fields included", () => {
  for (const [json, message] of [
    [{ subset: -1 }, /^p2c_ewma\.subset is -1; expected a whole number/],
    [{ subset: 1.5 }, /subset is 1\.5/],
    [{ subset: "2" }, /subset is "2"/],
    [{ subset: null }, /subset is null/],
    [{ healthCheck: "no" }, /healthCheck is "no"; expected true or false/],
    [{ healthService: 7 }, /healthService is 7/],
    [{ zone: 7 }, /zone is 7/],
    [{ silentCallGrace: 5 }, /silentCallGrace is 5; expected seconds such as "5s"/],
    [{ breaker: 1 }, /breaker is 1; expected true or false/],
    [{ maxSetAside: 50 }, /maxSetAside is 50; expected a share from 0 to 1/],
    [{ silentCallGrace: "soon" }, /silentCallGrace is "soon"/],
    [{ subsets: 1 }, /no field "subsets": did you mean subset\?/],
    [null as never, /^p2c_ewma is null; expected fields with values/],
    [[], /^p2c_ewma is \[\]; expected fields/],
    [{ ring: 1 }, /no field "ring": its fields are subset, /],
  ] as const) {
    assert.throws(() => parsePolicyConfig(json), { message });
  }
});

test("gRPC's own field names the service whose health is asked for", () => {
  assert.equal(healthCheckService(undefined), undefined);
  assert.equal(healthCheckService("{}"), undefined);
  assert.equal(healthCheckService('{"healthCheckConfig":{"serviceName":""}}'), "");
  assert.equal(healthCheckService('{"healthCheckConfig":{"serviceName":"pkg.Order"}}'), "pkg.Order");
  assert.equal(healthCheckService('{"healthCheckConfig":{"serviceName":7}}'), undefined);
});
