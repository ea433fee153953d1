/** What a guard of either kind of server answers, clients of both kinds see as the same code. Auth has a file of its own. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { type EchoClient, goNameOf, type SayRequest, say } from "./echo.js";
import { fleet } from "./fleet.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 120_000 };

/** Nobody's time is over on a busy machine before the guard has answered. */
const PATIENT = "Timeout: 60000";
const WITHOUT_BREAKER = `${PATIENT}\nMiddlewares: { Breaker: false }`;
const FAILS: SayRequest = { code: grpc.status.INTERNAL, text: "always" };
/** So many failures open a breaker more than surely: go-zero's begins to refuse after a handful. */
const FAILURES = 100;

test(
  "a server's breaker refuses a method that fails with UNAVAILABLE, whoever serves and whoever calls",
  options,
  async (t) => {
    for (const kind of ["go-zero", "Rollcall"] as const) {
      const { serverProcess, nodeClient, gozeroClient } = await fleet(t);
      const server = await serverProcess(kind, PATIENT);
      const fromNode = await codesOf(await nodeClient(WITHOUT_BREAKER), FAILS, FAILURES);
      const fromGo = new Set<string>();
      const calls = gozeroClient(WITHOUT_BREAKER, "-request", JSON.stringify(FAILS));
      for (let i = 0; i < FAILURES; i++) fromGo.add((await calls.next()).code);
      assert.deepEqual([...fromNode].sort(), ["Internal", "Unavailable"], `a Node client at a ${kind} server`);
      // The breaker is open already when this client comes.
      assert.ok(fromGo.has("Unavailable"), `a Go client at a ${kind} server`);
      assert.equal(new Set([...fromGo, "Internal", "Unavailable"]).size, 2, [...fromGo].join());
      await server.stop();
    }
  },
);

test("a Go client's breaker ends calls with UNKNOWN; a Node client's never ends one", options, async (t) => {
  for (const kind of ["go-zero", "Rollcall"] as const) {
    const { serverProcess, nodeClient, gozeroClient } = await fleet(t);
    await serverProcess(kind, WITHOUT_BREAKER);
    const fromGo = new Set<string>();
    const calls = gozeroClient(PATIENT, "-request", JSON.stringify(FAILS));
    for (let i = 0; i < FAILURES; i++) fromGo.add((await calls.next()).code);
    assert.deepEqual([...fromGo].sort(), ["Internal", "Unknown"]);
    assert.deepEqual([...(await codesOf(await nodeClient(PATIENT), FAILS, FAILURES))], ["Internal"]);
  }
});

test("a full Node server refuses Go clients with RESOURCE_EXHAUSTED", options, async (t) => {
  const { server, gozeroClient } = await fleet(t);
  await server(`${PATIENT}\nCpuThreshold: 900`, () => spin(3));
  const calm = gozeroClient(PATIENT, "-rate", "25");
  for (let i = 0; i < 40; i++) assert.equal((await calm.next()).code, "OK");
  // Half as many again as there is time for.
  const crowd = gozeroClient(WITHOUT_BREAKER, "-rate", "500");
  await untilRefused(t, async () => [(await crowd.next()).code]);
});

test("a full Go server refuses Node clients with RESOURCE_EXHAUSTED", options, async (t) => {
  const { serverProcess, nodeClient } = await fleet(t);
  await serverProcess("go-zero", `${PATIENT}\nCpuThreshold: 1`);
  const client = await nodeClient(WITHOUT_BREAKER);
  // It learns that ten or so calls of 10 ms are what it can have under way; then each takes fifty times as long.
  for (let i = 0; i < 50; i++) await codesOf(client, { delayMs: 10 }, 10, 10);
  await untilRefused(t, () => codesOf(client, { delayMs: 500 }, 300, 100));
});

/** Go's names of the codes that so many calls end with. */
async function codesOf(client: EchoClient, request: SayRequest, calls: number, atATime = 1): Promise<Set<string>> {
  const seen = new Set<string>();
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      await say(client, request).then(
        () => seen.add("OK"),
        (error: grpc.ServiceError) => seen.add(goNameOf(error.code)),
      );
    }
  };
  await Promise.all(Array.from({ length: atATime }, caller));
  return seen;
}

/** Asks again until the server refuses for being full. Calls may be late meanwhile, and fail for no other reason. */
async function untilRefused(t: TestContext, ask: () => Promise<Iterable<string>>): Promise<void> {
  while (!t.signal.aborted) {
    const seen = new Set(await ask());
    if (seen.has("ResourceExhausted")) return;
    assert.equal(new Set([...seen, "OK", "DeadlineExceeded"]).size, 2, [...seen].join());
  }
}

/** Keeps this process busy. */
function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}
