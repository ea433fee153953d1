import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type AnsweredCall, observedAnswers, UNREAD_MS } from "./answers.js";

type Answers = AsyncIterable<MessageShape<DescMessage>>;

/** A call whose answers the test gives, and what became of it. */
function answered() {
  const [over, givenUp, caller] = [new AbortController(), new AbortController(), new AbortController()];
  const told: string[] = [];
  let fail = (_: Error) => {};
  let answer = (_: IteratorResult<object>) => {};
  const result = new Promise<IteratorResult<object>>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  result.catch(() => {});
  const call: AnsweredCall = {
    kind: "/talk.Talk/Tell",
    signal: caller.signal,
    deadline: undefined,
    lease: {
      hasAnswered: false,
      markAnswered: () => {},
      finish: (outcome = "success") => {
        if (!told.includes("success") && !told.includes("failure") && !told.includes("ignore")) told.push(outcome);
      },
    },
    over: over.signal,
    givenUp: givenUp.signal,
    cancel: () => told.push("reset"),
    unlink: () => {},
  };
  const answers = { [Symbol.asyncIterator]: () => ({ next: () => result }) };
  const reader = observedAnswers(answers as unknown as Answers, call)[Symbol.asyncIterator]();
  return { over, givenUp, caller, told, answer, fail, reader };
}

type Answered = ReturnType<typeof answered>;

test("the end of the connection ends a lease whose reader has broken off", async () => {
  const { over, told } = answered();
  over.abort();
  await turn();
  assert.deepEqual(told, ["ignore"]);
});

test("a reader that waits when the connection ends says what the end means", async () => {
  const { over, told, fail, reader } = answered();
  const next = reader.next();
  over.abort();
  fail(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  await assert.rejects(next, /ECONNRESET/);
  await turn();
  assert.deepEqual(told, ["failure"]);
});

test("answers are given up after the transport was closed where nobody reads, and only there", async () => {
  const left = answered();
  left.givenUp.abort();
  assert.deepEqual(left.told, ["ignore", "reset"]);
  const read = answered();
  const next = read.reader.next();
  read.givenUp.abort();
  assert.deepEqual(read.told, []);
  read.fail(new Error("the end"));
  await assert.rejects(next, /the end/);
});

test("a reader that breaks off after the others were given up is given up as they were", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { givenUp, told, answer, reader } = answered();
  const next = reader.next();
  givenUp.abort();
  answer({ done: false, value: {} });
  await next;
  t.mock.timers.tick(UNREAD_MS - 1);
  assert.deepEqual(told, []);
  t.mock.timers.tick(2); // no timer comes too early, so that one comes a millisecond late
  assert.deepEqual(told, ["ignore", "reset"]);
});

test("a stream that its reader left leaves nothing with the connection and the transport, whatever ends it", async () => {
  const ends: Record<string, (call: Answered) => void> = {
    "its signal": ({ caller }) => caller.abort(),
    "the end of the connection": ({ over }) => over.abort(),
    "the end of the transport": ({ givenUp }) => givenUp.abort(),
  };
  for (const [what, end] of Object.entries(ends)) {
    const call = answered();
    end(call);
    await turn();
    const left = [call.over, call.givenUp, call.caller].flatMap(({ signal }) => getEventListeners(signal, "abort"));
    assert.equal(left.length, 0, what);
  }
});
