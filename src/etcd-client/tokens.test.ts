import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { EtcdError } from "./errors.js";
import { Status } from "./rpc/status.js";
import { Tokens } from "./tokens.js";

const HOST = "10.0.0.1:2379";
const late = () => Promise.reject(new EtcdError(HOST, Status.DEADLINE_EXCEEDED, "no answer in time"));
const wrong = () => Promise.reject(new EtcdError(HOST, Status.INVALID_ARGUMENT, "authentication failed"));

test("a token is asked for once, however many need it, and again only when it was refused", async () => {
  const tokens = new Tokens();
  let logIns = 0;
  const authenticate = async () => `token ${++logIns}`;
  await Promise.all([tokens.renew(undefined, authenticate), tokens.renew(undefined, authenticate)]);
  assert.deepEqual([tokens.current, logIns], ["token 1", 1]);
  await Promise.all([tokens.renew("token 1", authenticate), tokens.renew("token 1", authenticate)]);
  assert.deepEqual([tokens.current, logIns], ["token 2", 2]);
  await tokens.renew("token 1", authenticate); // somebody who was refused before it was renewed
  assert.deepEqual([tokens.current, logIns], ["token 2", 2]);
});

test("log-ins that are not answered are given more time, and are tried ever more seldom, up to a minute", async () => {
  let now = 0;
  const tokens = new Tokens(() => now);
  const limits: number[] = [];
  const longest: number[] = [];
  for (let round = 0; round < 12; round++) {
    await assert.rejects(
      tokens.renew(undefined, (limitMs) => {
        limits.push(limitMs);
        return late();
      }),
      /no answer in time/,
    );
    longest.push(tokens.waitMs);
    now += tokens.waitMs;
  }
  assert.deepEqual(limits.slice(0, 4), [60_000, 120_000, 240_000, 240_000]);
  assert.ok(Math.max(...longest) <= 60_000);
  assert.ok(Math.max(...longest) > 5_000, `${longest}`);
  await tokens.renew(undefined, async () => "token");
  assert.deepEqual([tokens.current, tokens.waitMs], ["token", 0]);
});

test("a wrong password is tried again slowly; meanwhile whoever asks is told at once and etcd is not asked", async () => {
  let now = 0;
  const tokens = new Tokens(() => now);
  let asked = 0;
  const ask = () => {
    asked += 1;
    return wrong();
  };
  await assert.rejects(tokens.renew(undefined, ask), /authentication failed/);
  assert.ok(tokens.waitMs >= 5_000);
  await assert.rejects(tokens.renew(undefined, ask), /authentication failed/);
  assert.equal(asked, 1);
  now += tokens.waitMs;
  await assert.rejects(tokens.renew(undefined, ask), /authentication failed/);
  assert.equal(asked, 2);
});

test("a session that is lost during a log-in is no reason to log in at once elsewhere: all its clients would", async () => {
  let now = 0;
  const tokens = new Tokens(() => now);
  const lost = () => Promise.reject(new EtcdError(HOST, Status.UNAVAILABLE, "the connection was closed"));
  const waits: number[] = [];
  for (let round = 0; round < 10; round++) {
    await assert.rejects(tokens.renew(undefined, lost));
    waits.push(tokens.waitMs);
    now += tokens.waitMs;
  }
  assert.ok(waits[0]! <= 1_000, "the first time within a second");
  assert.ok(Math.max(...waits.slice(4)) > waits[0]!);
});

test("a fleet whose log-ins are not answered comes again spread over the whole wait, not all of it at its end", async (t) => {
  const random = mock.method(Math, "random", () => 0);
  t.after(() => random.mock.restore());
  const first = new Tokens(() => 0);
  await assert.rejects(first.renew(undefined, late));
  assert.equal(first.waitMs, 0);
  random.mock.mockImplementation(() => 0.999);
  const last = new Tokens(() => 0);
  await assert.rejects(last.renew(undefined, late));
  assert.equal(last.waitMs, 999);
});
