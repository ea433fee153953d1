import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { EtcdError } from "./errors.js";
import { Status } from "./rpc/status.js";
import { isTokenAnswered } from "./token-trial.js";

const never = () => new Promise<never>(() => {});
const fails = (code: Status) => () => Promise.reject(new EtcdError("10.0.0.1:2379", code, "as asked"));

/** What the trial finds where a host answers so with the token, and so without one; whether it asked without. */
async function trial(withToken: () => Promise<unknown>, without: () => Promise<unknown>) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const asked: (string | undefined)[] = [];
  const signals: AbortSignal[] = [];
  const found = isTokenAnswered(
    "token",
    (token, signal) => {
      asked.push(token);
      signals.push(signal);
      return token === undefined ? without() : withToken();
    },
    3_000,
  );
  await turn();
  mock.timers.tick(1_000);
  try {
    return { isAnswered: await found, asked };
  } finally {
    mock.timers.reset();
    assert.ok(
      signals.every(({ aborted }) => aborted),
      "what is not answered is asked no longer",
    );
  }
}

test("a token that is answered, with a refusal too, is good, and nothing is asked without it", async () => {
  for (const withToken of [async () => {}, fails(Status.UNAUTHENTICATED), fails(Status.UNAVAILABLE)]) {
    assert.deepEqual(await trial(withToken, never), { isAnswered: true, asked: ["token"] });
  }
});

test("where nothing answers the token, but the same question without one, it is the token", async () => {
  for (const without of [async () => {}, fails(Status.INVALID_ARGUMENT), fails(Status.PERMISSION_DENIED)]) {
    assert.deepEqual(await trial(never, without), { isAnswered: false, asked: ["token", undefined] });
  }
});

test("where nothing is answered at all it is the host, not the token", async () => {
  for (const code of [Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED]) {
    assert.deepEqual(await trial(never, fails(code)), { isAnswered: true, asked: ["token", undefined] });
  }
});
