import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTiming, settled } from "../testing/manual-timing.js";
import { askInTurn } from "./ask-in-turn.js";

/** Servers that answer when the test says so. */
function asking(...servers: string[]) {
  const timing = new ManualTiming();
  const abort = new AbortController();
  const asked: { server: string; at: number; answer(text: string): void; fail(): void; signal: AbortSignal }[] = [];
  const result = askInTurn<string>(
    servers,
    (server, signal) =>
      new Promise((answer, reject) => {
        asked.push({ server, at: timing.now(), answer, fail: () => reject(new Error(`${server} fails`)), signal });
      }),
    abort.signal,
    { nextServerMs: 1_000, giveUpMs: 30_000 },
    timing.after.bind(timing),
  );
  result.catch(() => {});
  return { timing, abort, asked, result, order: () => asked.map(({ server, at }) => `${server}@${at}`) };
}

test("the next server is asked after a second of silence, at once after a failure", async () => {
  const { timing, asked, result, order } = asking("a", "b", "c");
  await timing.advance(1_000);
  asked[1]!.fail();
  await settled();
  assert.deepEqual(order(), ["a@0", "b@1000", "c@1000"]);
  asked[0]!.answer("a after all");
  assert.equal(await result, "a after all");
});

test("when every server has failed there is nothing to wait for", async () => {
  const { timing, asked, result } = asking("a", "b");
  asked[0]!.fail();
  await settled();
  asked[1]!.fail();
  await assert.rejects(result, (error: AggregateError) => {
    assert.deepEqual(
      error.errors.map(({ message }: Error) => message),
      ["a fails", "b fails"],
    );
    return true;
  });
  assert.equal(timing.nextIn, undefined);
});

test("silence is given up in the end, and an abort ends it at once", async () => {
  const { timing, result, order } = asking("a");
  await timing.advance(30_000);
  await assert.rejects(result, AggregateError);
  assert.deepEqual(order(), ["a@0"]);
  const other = asking("a");
  other.abort.abort(new Error("enough"));
  await assert.rejects(other.result, /enough/);
  assert.equal(other.asked[0]!.signal.aborted, true);
});
