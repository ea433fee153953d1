import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { after, beforeEach, test } from "node:test";
import { setLogger, setLogLevel } from "../log.js";
import { detached } from "./detached.js";
import { hold } from "./hold.js";
import { supervise } from "./supervise.js";

const lines: string[] = [];
beforeEach(() => {
  lines.splice(0);
  const none = () => {};
  setLogger({ debug: none, info: none, warn: none, error: (_, message) => void lines.push(message) });
});
const release = hold(); // background waits hold no process
after(() => {
  release();
  setLogLevel("silent");
});

test("a background loop that throws is reported and started again; one that returns is done", async () => {
  let rounds = 0;
  await supervise(
    "the loop",
    new AbortController().signal,
    async () => {
      rounds += 1;
      if (rounds < 3) throw new TypeError("a mistake");
    },
    { initialMs: 1, maxMs: 1 },
  );
  assert.equal(rounds, 3);
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, /^the loop failed unexpectedly/);
});

test("an abort ends a loop that keeps throwing", async () => {
  const abort = new AbortController();
  await supervise("the loop", abort.signal, async () => {
    abort.abort();
    throw new Error("again");
  });
  assert.deepEqual(lines, []);
});

test("background work runs in nobody's context, also what it awaits and starts", async () => {
  const request = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  await request.run("a request", async () => {
    detached(() => seen.push(request.getStore()));
    const loop = supervise("the loop", new AbortController().signal, async () => {
      seen.push(request.getStore());
      await new Promise(setImmediate);
      seen.push(request.getStore());
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
      seen.push(request.getStore());
    });
    assert.equal(request.getStore(), "a request", "the caller keeps its own");
    await loop;
  });
  assert.deepEqual(seen, [undefined, undefined, undefined, undefined]);
});
