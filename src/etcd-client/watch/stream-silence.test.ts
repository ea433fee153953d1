import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { SILENT_AFTER_TICKS, StreamSilence } from "./stream-silence.js";

const SECOND = 1_000;

/** A stream whose seconds a test counts, and what its silence brings about. */
function silence() {
  mock.timers.enable({ apis: ["setInterval"] });
  const stream = { heardBytes: 0 };
  const session = { heard: 0 };
  const told: string[] = [];
  const watched = new StreamSilence(stream, session, {
    ask: () => told.push("ask"),
    silent: (othersHeard) => told.push(othersHeard ? "silent, others heard" : "silent"),
  });
  return {
    stream,
    session,
    told,
    watched,
    pass: (seconds: number) => mock.timers.tick(seconds * SECOND),
    [Symbol.dispose]: () => {
      watched.stop();
      mock.timers.reset();
    },
  };
}

test("a silent stream is asked for a word, and given up when it stays silent although it has answered before", () => {
  using s = silence();
  s.stream.heardBytes = 1;
  s.watched.answered();
  s.pass(5);
  assert.deepEqual(s.told, ["ask"]);
  s.pass(SILENT_AFTER_TICKS - 5);
  assert.deepEqual(s.told, ["ask", "ask", "silent"]);
});

test("what is heard begins the silence anew", () => {
  using s = silence();
  s.watched.answered();
  for (let i = 0; i < 20; i++) {
    s.stream.heardBytes += 1;
    s.pass(3);
  }
  assert.deepEqual(s.told, []);
  assert.equal(s.watched.seconds, 3);
});

test("an etcd that never answers when it is asked may be silent", () => {
  using s = silence();
  s.pass(10 * SILENT_AFTER_TICKS);
  assert.ok(s.told.every((what) => what === "ask"));
});

test("that others of the session were heard meanwhile is told with the silence", () => {
  using s = silence();
  s.stream.heardBytes = 1;
  s.watched.answered();
  s.pass(2);
  s.session.heard = 7;
  s.pass(SILENT_AFTER_TICKS);
  assert.equal(s.told.at(-1), "silent, others heard");
});
