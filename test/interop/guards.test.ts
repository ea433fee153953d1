/** What a server refuses, and what it makes of a handler that takes too long or crashes: the same codes whoever serves and whoever calls. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import type { Outcome } from "../support/traffic.js";
import { callSteadily, type SayRequest } from "./echo.js";
import { fleet, type Kind } from "./fleet.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 180_000 };
const KINDS = ["go-zero", "Rollcall"] as const;
/** A client that neither keeps calls to itself nor ends them early. */
const PLAIN_CLIENT = "Timeout: 30000\nMiddlewares: { Breaker: false }";

interface Load {
  readonly request: SayRequest;
  readonly perSecond: number;
  /** Made by a client of their own beside them; what they see is not told. */
  readonly beside?: Load;
}

/**
 * What a client of this kind sees of a server of that kind under a load, until an outcome is what the test waits for, and in the end
 * that one. The test's own time limit is the bound.
 */
async function seen(
  t: TestContext,
  { client, server, yaml }: { client: Kind; server: Kind; yaml: string },
  { request, perSecond, beside }: Load,
  awaited: (outcome: Outcome, before: readonly Outcome[]) => boolean,
  clientYaml = PLAIN_CLIENT,
): Promise<Outcome[]> {
  const { serverProcess, gozeroClient, nodeClient } = await fleet(t);
  const serving = await serverProcess(server, yaml);
  const abort = new AbortController();
  t.after(() => abort.abort());
  if (beside) callSteadily(await nodeClient(PLAIN_CLIENT), beside.request, beside.perSecond, abort.signal);
  const traffic =
    client === "go-zero"
      ? gozeroClient(clientYaml, "-rate", String(perSecond), "-request", JSON.stringify(request))
      : callSteadily(await nodeClient(clientYaml), request, perSecond, abort.signal);
  const outcomes: Outcome[] = [];
  await new Promise<void>((resolve) => {
    const look = (outcome: Outcome) => {
      if (awaited(outcome, outcomes)) {
        traffic.off("call", look);
        resolve();
      }
      outcomes.push(outcome);
    };
    traffic.on("call", look);
  });
  abort.abort();
  await serving.kill();
  return outcomes;
}

/** Each server with each client, so that go-zero with itself says what is to be seen. */
const PAIRS = KINDS.flatMap((server) => KINDS.map((client) => ({ server, client })));

for (const { server, client } of PAIRS) {
  const who = `a ${client} client of a ${server} server`;

  test(`breaker of the server: ${who} sees UNAVAILABLE where a method mostly fails`, options, async (t) => {
    const load = { request: { code: grpc.status.INTERNAL }, perSecond: 100 };
    const isRefused = ({ code }: Outcome) => code !== "Internal";
    const outcomes = await seen(t, { client, server, yaml: "" }, load, isRefused);
    const refused = outcomes.at(-1)!;
    assert.equal(refused.code, "Unavailable", refused.error);
    assert.match(refused.error!, /circuit breaker is open/);
  });

  test(`shedding: ${who} sees RESOURCE_EXHAUSTED above CpuThreshold`, options, async (t) => {
    // A server that is always busy, with more in flight than its quickest answers let it hold.
    const load = { request: { delayMs: 400 }, perSecond: 300, beside: { request: { delayMs: 1 }, perSecond: 30 } };
    const yaml = "CpuThreshold: 1\nTimeout: 30000\nMiddlewares: { Breaker: false }";
    const outcomes = await seen(t, { client, server, yaml }, load, ({ code }) => code !== "OK");
    const refused = outcomes.at(-1)!;
    assert.equal(refused.code, "ResourceExhausted", refused.error);
  });

  test(`timeout: ${who} sees DEADLINE_EXCEEDED of a handler that takes longer`, options, async (t) => {
    const load = { request: { delayMs: 20_000 }, perSecond: 10 };
    const outcomes = await seen(t, { client, server, yaml: "Timeout: 200" }, load, () => true);
    assert.equal(outcomes.at(-1)!.code, "DeadlineExceeded");
  });

  test(`recover: ${who} sees INTERNAL of a handler that crashes, each time`, options, async (t) => {
    const load = { request: { crash: true }, perSecond: 20 };
    const yaml = "Middlewares: { Breaker: false }";
    const outcomes = await seen(t, { client, server, yaml }, load, (_, before) => before.length >= 5);
    assert.deepEqual(new Set(outcomes.map(({ code }) => code)), new Set(["Internal"]));
  });
}

/** More than either server holds when it may refuse; none of these is to be refused. */
const UNSHED = { request: { delayMs: 400 }, perSecond: 300 };
const withoutBreaker = (yaml: string) => `${yaml}\nTimeout: 30000\nMiddlewares: { Breaker: false }`;

for (const [server, yaml] of [
  ["go-zero", "CpuThreshold: 0"],
  ["Rollcall", "CpuThreshold: 0"],
  ["Rollcall", "Mode: dev\nCpuThreshold: 1"],
] as const) {
  test(`a ${server} server with ${yaml.replace("\n", ", ")} refuses nothing`, options, async (t) => {
    const pair = { client: "go-zero", server, yaml: withoutBreaker(yaml) } as const;
    const outcomes = await seen(t, pair, UNSHED, (_, { length }) => length >= 900);
    assert.deepEqual(new Set(outcomes.map(({ code }) => code)), new Set(["OK"]));
  });
}

test(
  "go-zero's server refuses in Mode dev all the same, as it makes its shedder before it reads Mode",
  options,
  async (t) => {
    const pair = { client: "go-zero", server: "go-zero", yaml: withoutBreaker("Mode: dev\nCpuThreshold: 1") } as const;
    const outcomes = await seen(t, pair, UNSHED, ({ code }) => code !== "OK");
    assert.equal(outcomes.at(-1)!.code, "ResourceExhausted");
  },
);

test("breaker of the client: go-zero's ends calls with UNKNOWN, Rollcall's ends none", options, async (t) => {
  const load = { request: { code: grpc.status.INTERNAL }, perSecond: 100 };
  const yaml = "Middlewares: { Breaker: false }";
  for (const [client, code] of [
    ["go-zero", "Unknown"],
    ["Rollcall", "Internal"],
  ] as const) {
    const enough = (outcome: Outcome, { length }: readonly Outcome[]) => outcome.code !== "Internal" || length >= 500;
    const outcomes = await seen(t, { client, server: "go-zero", yaml }, load, enough, "Timeout: 30000");
    assert.equal(outcomes.at(-1)!.code, code);
  }
});
