import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecording } from "./recording.js";
import { replay } from "./replay/replay.js";

const compared = { instance: "a:1", load: 1, expectedMs: 5, inFlight: 0, failureRate: 0, distance: 1, share: 1 };
const ended = { outcome: "ok", code: 0, latencyMs: 5 };
const decision = { seq: 1, at: 1_000, service: "s", method: "/s/m", instance: "a:1", attempt: 1, ...ended };
const recording = {
  ...{ schema: 1, service: "s", recordedAt: 2_000, zone: "", subset: 0 },
  instances: [{ id: "a:1", address: "a:1", weight: 1, distance: 1 }],
  decisions: [{ ...decision, compared: [compared] }],
};

/** The recording with something else in its decision. */
const withDecision = (change: object): string =>
  JSON.stringify({ ...recording, decisions: [{ ...recording.decisions[0], ...change }] });

test("a recording is read as it was written, calls that had not ended among them", () => {
  assert.deepEqual(parseRecording(JSON.stringify(recording)), recording);
  assert.equal(replay(parseRecording(withDecision({}))).calls, 1);
  const running = { outcome: "running", code: undefined, latencyMs: undefined };
  assert.throws(() => replay(parseRecording(withDecision(running))), /no call that has ended/);
});

test("what is not as it was written is refused, before anything is played", () => {
  const strange: object[] = [
    ...[undefined, null, [null], [{}], [{ ...compared, instance: 3 }], [{ ...compared, distance: 0 }]].map(
      (compared) => ({
        compared,
      }),
    ),
    ...[undefined, null, -1, "5", 1e300].map((latencyMs) => ({ latencyMs })),
    ...[
      { outcome: "gone" },
      { outcome: "running" },
      { method: 7 },
      { at: undefined },
      { instance: null },
      { attempt: 0 },
    ],
  ];
  for (const change of strange) {
    assert.throws(
      () => parseRecording(withDecision(change)),
      /^TypeError: the recording is damaged: decisions\[0\] is none; record again/,
      JSON.stringify(change),
    );
  }
});
