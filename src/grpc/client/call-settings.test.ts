import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientConfig } from "../../config/schema/client-target.js";
import { methodConfigFor } from "../service-config.js";
import type { ServiceConfig } from "../shield/experimental.js";
import { callTimeouts, clientServiceConfig, hedgedMethods } from "./call-settings.js";

const GET = "/shop.Cart/Get";
const PUT = "/shop.Cart/Put";
const ELSEWHERE = "/shop.Stock/Get";

/** What a path's calls are given: attempts of a retry policy, of a fixed hedging policy, and of hedging after a live percentile. */
function of(config: Omit<ClientConfig, "Endpoints">, path: string) {
  const { methodConfig } = clientServiceConfig({ Endpoints: ["a:1"], ...config }) as ServiceConfig;
  const { retryPolicy, hedgingPolicy } = methodConfigFor(path, methodConfig);
  return {
    retry: retryPolicy?.maxAttempts,
    fixed: hedgingPolicy?.maxAttempts,
    live: hedgedMethods({ Endpoints: ["a:1"], ...config })(path)?.mostAttempts,
    timeout: callTimeouts({ Endpoints: ["a:1"], ...config })(path),
  };
}

const NONE = { retry: undefined, fixed: undefined, live: undefined, timeout: undefined };

test("what an entry for a method leaves open is its service's entry's, then the client's", () => {
  const Methods = [
    { FullMethod: GET, Timeout: 500 },
    { FullMethod: "/shop.Cart/*", Hedge: false as const, Retry: { MaxAttempts: 4 }, Timeout: 900 },
  ];
  const config = { Hedge: {}, Retry: { MaxAttempts: 2 }, Methods };
  assert.deepEqual(of(config, GET), { ...NONE, retry: 4, timeout: 500 }, "the service's Hedge: false stands");
  assert.deepEqual(of(config, PUT), { ...NONE, retry: 4, timeout: 900 });
  assert.deepEqual(of(config, ELSEWHERE), { ...NONE, retry: 2, live: 2 });
});

test("an entry's own Hedge keeps its service's Retry, and its own Retry its service's Hedge", () => {
  const service = { FullMethod: "/shop.Cart/*", Retry: { MaxAttempts: 4 } };
  assert.deepEqual(of({ Methods: [{ FullMethod: GET, Hedge: {} }, service] }, GET), { ...NONE, retry: 4, live: 4 });
  const hedged = { FullMethod: "/shop.Cart/*", Hedge: {} };
  const retried = { FullMethod: GET, Retry: { MaxAttempts: 3 } };
  assert.deepEqual(of({ Methods: [retried, hedged] }, GET), { ...NONE, retry: 3, live: 3 });
  assert.deepEqual(of({ Methods: [retried, hedged] }, PUT), { ...NONE, live: 2 });
});

test("gRPC knows either retries or copies after a fixed delay: the nearer entry's", () => {
  const fixed = { Hedge: { Delay: 20 } };
  const retry = { Retry: { MaxAttempts: 3 } };
  const service = { FullMethod: "/shop.Cart/*" };
  const method = { FullMethod: GET };
  assert.deepEqual(
    of(
      {
        Methods: [
          { ...method, ...retry },
          { ...service, ...fixed },
        ],
      },
      GET,
    ),
    { ...NONE, retry: 3 },
  );
  assert.deepEqual(
    of(
      {
        Methods: [
          { ...method, ...fixed },
          { ...service, ...retry },
        ],
      },
      GET,
    ),
    { ...NONE, fixed: 2 },
  );
  assert.deepEqual(of({ ...retry, Methods: [{ ...service, ...fixed }] }, GET), { ...NONE, fixed: 2 });
  assert.deepEqual(of({ ...fixed, Methods: [{ ...service, ...retry }] }, GET), { ...NONE, retry: 3 });
  assert.deepEqual(of({ ...fixed, Methods: [{ ...service, Hedge: false }] }, GET), NONE);
});

test("the first of several entries of one name counts", () => {
  const Methods = [
    { FullMethod: GET, Hedge: false as const },
    { FullMethod: GET, Hedge: {} },
  ];
  assert.deepEqual(of({ Hedge: {}, Methods }, GET), NONE);
});
