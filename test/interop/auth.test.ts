import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createServer, type ServerSettings } from "../../src/index.js";
import { Authority } from "../etcd/certificates.js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { type Redis, type RedisOptions, redisSkipReason, startRedis } from "../support/real-parts/redis.js";
import { until } from "../support/until.js";
import { goNameOf, say } from "./echo.js";
import { fleet, type Kind } from "./fleet.js";
import { probe, SERVING } from "./health-probe.js";

const skip = interopSkipReason() || etcdSkipReason() || redisSkipReason();
const options = { skip, timeout: 120_000 };
const KEY = "callers";

/** Who calls: a client's App and Token. Without them the client sends none. */
const CALLERS = {
  "the right token": "App: shop\nToken: secret",
  "a wrong token": "App: shop\nToken: wrong",
  "an app nobody knows": "App: nobody\nToken: secret",
  "no credentials": "",
} as const;

for (const strict of [true, false]) {
  test(
    `StrictControl ${strict}: Node and Go clients get the same answers of Node and Go servers`,
    options,
    async (t) => {
      const redis = await redisOf(t);
      await redis.set(KEY, "shop", "secret");
      const yaml = `${authYaml(redis)}\nStrictControl: ${strict}`;
      const seen = new Map<Kind, Record<string, string[]>>();
      for (const kind of ["go-zero", "Rollcall"] as const) {
        const { serverProcess, server, nodeClient, gozeroClient } = await fleet(t);
        if (kind === "go-zero") await serverProcess("go-zero", yaml);
        else await server(yaml);
        const answers: Record<string, string[]> = {};
        for (const [who, credentials] of Object.entries(CALLERS)) {
          const fromGo = await gozeroClient(credentials, "-calls", "1").next();
          const fromNode = await answerTo(say(await nodeClient(credentials)));
          assert.equal(fromNode.code, fromGo.code, `${who} at a ${kind} server: ${fromGo.error}`);
          answers[who] = [fromGo.code, messageOf(fromGo.error)];
        }
        seen.set(kind, answers);
      }
      const unknown = strict ? "Internal" : "OK";
      for (const answers of seen.values()) {
        assert.deepEqual(answers["the right token"], ["OK", ""]);
        assert.deepEqual(answers["a wrong token"], ["Unauthenticated", "access denied"]);
        assert.deepEqual(answers["no credentials"], ["Unauthenticated", "app/token required"]);
        assert.equal(answers["an app nobody knows"]?.[0], unknown);
      }
    },
  );
}

test("streams are asked for credentials, too, and health is told to everybody", options, async (t) => {
  const redis = await redisOf(t);
  await redis.set(KEY, "shop", "secret");
  const { server, nodeClient } = await fleet(t);
  const { address } = await server(authYaml(redis));
  assert.equal(await probe(address), SERVING);
  const refused = (await nodeClient()).listen({});
  await assert.rejects(firstOf(refused), { code: grpc.status.UNAUTHENTICATED });
  const stream = (await nodeClient(CALLERS["the right token"])).listen({});
  await firstOf(stream);
  stream.on("error", () => {});
  stream.cancel();
});

for (const [strict, unseen] of [
  [true, "Internal"],
  [false, "OK"],
] as const) {
  test(
    `Redis gone, StrictControl ${strict}: who was seen before is checked, who was not gets ${unseen}`,
    options,
    async (t) => {
      const redis = await redisOf(t);
      await redis.set(KEY, "shop", "secret");
      await redis.set(KEY, "late", "secret");
      const { server, nodeClient } = await fleet(t);
      await server(`${authYaml(redis)}\nStrictControl: ${strict}`);
      const shop = await nodeClient(CALLERS["the right token"]);
      await say(shop);
      await redis.kill();
      await say(shop);
      const wrong = await answerTo(say(await nodeClient(CALLERS["a wrong token"])));
      assert.equal(wrong.code, "Unauthenticated");
      const late = await nodeClient("App: late\nToken: secret");
      assert.equal((await answerTo(say(late))).code, unseen);

      const again = await redisOf(t, { port: Number(redis.address.split(":")[1]) });
      await again.set(KEY, "late", "other");
      await until(async () => (await answerTo(say(late))).code === "Unauthenticated", "the new token is required");
    },
  );
}

test("a frozen Redis holds no call for longer than its limit", options, async (t) => {
  const redis = await redisOf(t);
  const { server, nodeClient } = await fleet(t);
  await server(`${authYaml(redis)}\nStrictControl: true\nTimeout: 60000`);
  process.kill(redis.pid, "SIGSTOP");
  const client = await nodeClient("App: shop\nToken: secret\nTimeout: 60000");
  assert.equal((await answerTo(say(client))).code, "Internal");
});

test("Redis is reached with a password, over TLS, and as a cluster", options, async (t) => {
  using authority = new Authority();
  const tls = { ...authority.sign("redis"), caFile: authority.caFile };
  const places: [RedisOptions, string][] = [
    [{ password: "pass word:@/" }, 'Pass: "pass word:@/"'],
    [{ tls }, `Tls: true\n  CACertFile: ${authority.caFile}`],
    [{ cluster: true }, "Type: cluster"],
  ];
  for (const [how, more] of places) {
    const redis = await redisOf(t, how);
    await redis.set(KEY, "shop", "secret");
    const { server, nodeClient } = await fleet(t);
    await server(`${authYaml(redis, more)}\nStrictControl: true`);
    assert.equal((await answerTo(say(await nodeClient(CALLERS["the right token"])))).code, "OK", more);
    assert.equal((await answerTo(say(await nodeClient(CALLERS["a wrong token"])))).code, "Unauthenticated", more);
  }
});

test("a Redis whose certificate nobody trusts is not believed", options, async (t) => {
  using authority = new Authority();
  const redis = await redisOf(t, { tls: { ...authority.sign("redis"), caFile: authority.caFile } });
  const { server } = await fleet(t);
  await assert.rejects(server(authYaml(redis, "Tls: true\n  NonBlock: false")), /certificate/);
});

test("NonBlock: false refuses to start without Redis, and true starts", options, async (t) => {
  const redis = await redisOf(t);
  await redis.kill();
  const { server, nodeClient } = await fleet(t);
  await assert.rejects(server(authYaml(redis, "NonBlock: false")), /Redis 127\.0\.0\.1:\d+ does not answer/);
  const { address } = await server(`${authYaml(redis)}\nStrictControl: true`);
  assert.ok(address);
  assert.equal((await answerTo(say(await nodeClient(CALLERS["the right token"])))).code, "Internal");
});

test("Auth without Redis and without a function is refused where the server is made", () => {
  const make = (settings?: ServerSettings) => createServer({ ListenOn: "127.0.0.1:0", Auth: true }, () => {}, settings);
  assert.throws(() => make(), { name: "TypeError", message: /^Auth: true, but nothing says who may call/ });
  make({ authenticate: () => true });
});

test(
  "a function decides instead: false denies, a throw refuses, and Auth: false switches it off",
  options,
  async (t) => {
    const authenticate = ({ app, token }: { app: string; token: string }, path: string): boolean => {
      if (app === "broken") throw new Error("no database");
      return token === `${app} may ${path}`;
    };
    const { server, gozeroClient, nodeClient } = await fleet(t);
    const first = await server("", undefined, { authenticate });
    const right = "App: shop\nToken: shop may /rollcall.interop.v1.Echo/Say";
    assert.equal((await gozeroClient(right, "-calls", "1").next()).code, "OK");
    assert.equal((await gozeroClient("App: shop\nToken: wrong", "-calls", "1").next()).code, "Unauthenticated");
    assert.equal((await gozeroClient("App: broken\nToken: wrong", "-calls", "1").next()).code, "Internal");
    assert.equal((await answerTo(say(await nodeClient()))).code, "Unauthenticated");
    await first.stop();
    await server("Auth: false", undefined, { authenticate });
    assert.equal((await answerTo(say(await nodeClient()))).code, "OK");
  },
);

function authYaml({ address }: Redis, more = ""): string {
  return `Auth: true
Redis:
  Host: ${address}
  Key: ${KEY}
  ${more}`;
}

async function redisOf(t: TestContext, how?: RedisOptions): Promise<Redis> {
  const redis = await startRedis(how);
  t.after(() => redis.kill());
  return redis;
}

async function answerTo(call: Promise<unknown>): Promise<{ code: string; error: string }> {
  return call.then(
    () => ({ code: "OK", error: "" }),
    ({ code, details }: grpc.ServiceError) => ({ code: goNameOf(code), error: details }),
  );
}

/** Go's errors read `rpc error: code = X desc = MESSAGE`. */
function messageOf(error = ""): string {
  return error.replace(/^.* desc = /, "");
}

function firstOf(stream: grpc.ClientReadableStream<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    stream.once("data", resolve);
    stream.once("error", reject);
  });
}
