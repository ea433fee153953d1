import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenCache } from "./token-cache.js";

const MINUTE = 60_000;

function cacheOf(tokens: Record<string, string>, random = 0.5) {
  const asked: string[] = [];
  const clock = { now: 0 };
  const fetch = async (app: string) => {
    asked.push(app);
    return tokens[app];
  };
  return { cache: new TokenCache({ fetch, now: () => clock.now, random: () => random }), asked, clock, tokens };
}

test("a token is kept for five minutes and then asked for again", async () => {
  const { cache, asked, clock, tokens } = cacheOf({ shop: "a" });
  assert.equal(await cache.tokenOf("shop"), "a");
  tokens.shop = "b";
  clock.now = 5 * MINUTE - 1;
  assert.equal(await cache.tokenOf("shop"), "a");
  clock.now = 5 * MINUTE;
  assert.equal(await cache.tokenOf("shop"), "b");
  assert.deepEqual(asked, ["shop", "shop"]);
});

test("not all end at once: each is kept a twentieth shorter or longer", async () => {
  for (const [random, minutes] of [
    [0, 4.75],
    [1, 5.25],
  ] as const) {
    const { cache, asked, clock } = cacheOf({ shop: "a" }, random);
    await cache.tokenOf("shop");
    clock.now = minutes * MINUTE - 1;
    await cache.tokenOf("shop");
    assert.equal(asked.length, 1);
    clock.now = minutes * MINUTE;
    await cache.tokenOf("shop");
    assert.equal(asked.length, 2);
  }
});

test("an app that many calls ask for at once is looked up once", async () => {
  const { cache, asked } = cacheOf({ shop: "a" });
  assert.deepEqual(await Promise.all([cache.tokenOf("shop"), cache.tokenOf("shop"), cache.tokenOf("shop")]), [
    "a",
    "a",
    "a",
  ]);
  assert.deepEqual(asked, ["shop"]);
});

test("neither a failure nor an app that is not there is kept", async () => {
  let broken = true;
  const tokens: Record<string, string> = {};
  const fetch = async (app: string) => {
    if (broken) throw new Error("no connection");
    return tokens[app];
  };
  const cache = new TokenCache({ fetch });
  await assert.rejects(cache.tokenOf("shop"), /no connection/);
  broken = false;
  assert.equal(await cache.tokenOf("shop"), undefined);
  tokens.shop = "a";
  assert.equal(await cache.tokenOf("shop"), "a");
});
