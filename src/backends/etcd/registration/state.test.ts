import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  isListed,
  next,
  type RegistrationEvent,
  type RegistrationState,
  whyIncomplete,
  whyNotListed,
} from "./state.js";

const start: RegistrationState = { name: "waiting" };
const refused = new Error("ECONNREFUSED");
const expired = new Error("etcd no longer has the lease");
const other = new Error("its key was taken by 10.0.0.2:80");

const lease = (id: bigint | undefined, trouble?: Error): RegistrationEvent => ({ type: "lease", id, trouble });
const putDone: RegistrationEvent = { type: "put done", limited: false };
const putFailed = (why: Error): RegistrationEvent => ({ type: "put failed", why });
const pauseDone: RegistrationEvent = { type: "pause done" };
const valueChanged: RegistrationEvent = { type: "value changed" };
const close: RegistrationEvent = { type: "close" };
const seen = (what: { missing?: "instance" | "attributes"; taken?: Error; pauseOrdered?: boolean } = {}) =>
  ({ type: "keys seen", key: "order.rpc/1", pauseOrdered: false, ...what }) as const;

const after = (...events: RegistrationEvent[]) => events.reduce(next, start);
const listed = [lease(1n), putDone, seen()];

/** Paused, and the watches have shown that the key is gone. */
const paused = [...listed, seen({ pauseOrdered: true }), pauseDone, seen({ missing: "instance", pauseOrdered: true })];

for (const [promise, events, expected] of [
  ["a paused key that is gone is remembered to be", paused, { name: "paused", lease: 1n, gone: true }],
  [
    "a paused key that comes back with a restored backup is taken out again",
    [...paused, seen({ pauseOrdered: true })],
    { name: "pausing", lease: 1n },
  ],
  [
    "a paused key that the watches still show is no news",
    [...listed, seen({ pauseOrdered: true }), pauseDone, seen({ pauseOrdered: true })],
    { name: "paused", lease: 1n },
  ],
  [
    "a paused key that somebody else has put is not taken out",
    [...paused, seen({ pauseOrdered: true, taken: other })],
    { name: "paused", lease: 1n, gone: true },
  ],
  ["a lease is what the key is put under", [lease(1n)], { name: "putting", lease: 1n }],
  ["no lease, with the reason", [lease(undefined, refused)], { name: "waiting", why: refused }],
  ["a put that etcd confirmed lists the instance", listed, { name: "listed", lease: 1n }],
  [
    "the newest reason of a put that fails is the one that counts",
    [lease(1n), putFailed(refused), putFailed(expired)],
    { name: "putting", lease: 1n, why: expired },
  ],
  [
    "a lease that is gone is waited for anew",
    [...listed, lease(undefined, expired)],
    { name: "waiting", why: expired },
  ],
  [
    "another lease puts the key again, and the reason stands until it is there",
    [...listed, lease(undefined, expired), lease(2n)],
    { name: "putting", lease: 2n, why: expired },
  ],
  [
    "a lease that was not renewed for its whole time lists nothing for sure",
    [...listed, lease(1n, refused)],
    { name: "unrenewed", lease: 1n, why: refused },
  ],
  ["a lease renewed late lists again", [...listed, lease(1n, refused), lease(1n)], { name: "listed", lease: 1n }],
  [
    "what was being put again when the lease fell late is put once it is renewed",
    [...listed, seen({ missing: "attributes" }), lease(1n, refused), lease(1n, expired), lease(1n)],
    { name: "completing", lease: 1n },
  ],
  [
    "a key that is seen to be gone when the lease is late is put again",
    [...listed, lease(1n, refused), seen({ missing: "instance" })],
    { name: "putting", lease: 1n, why: new Error("its key order.rpc/1 was deleted") },
  ],
  [
    "attributes that were deleted are put again while the instance is listed",
    [...listed, seen({ missing: "attributes" })],
    { name: "completing", lease: 1n },
  ],
  ["they are there again", [...listed, seen({ missing: "attributes" }), putDone], { name: "listed", lease: 1n }],
  [
    "attributes that are put again at last are missing no more",
    [...listed, seen({ missing: "attributes" }), putFailed(refused), putDone],
    { name: "listed", lease: 1n },
  ],
  [
    "attributes that cannot be put again leave the instance listed",
    [...listed, seen({ missing: "attributes" }), putFailed(refused)],
    { name: "completing", lease: 1n, why: refused },
  ],
  [
    "a key that somebody took is not fought for",
    [...listed, seen({ taken: other })],
    { name: "taken", lease: 1n, why: other },
  ],
  [
    "a taken key is not paused",
    [...listed, seen({ taken: other }), seen({ taken: other, pauseOrdered: true })],
    { name: "taken", lease: 1n, why: other },
  ],
  [
    "a key that was taken and given up is put again",
    [...listed, seen({ taken: other }), seen({ missing: "instance" })],
    { name: "putting", lease: 1n, why: new Error("its key order.rpc/1 was deleted") },
  ],
  ["an order to pause is carried out", [...listed, seen({ pauseOrdered: true })], { name: "pausing", lease: 1n }],
  [
    "an order withdrawn before it was carried out puts again what may have been deleted",
    [...listed, seen({ pauseOrdered: true }), seen()],
    { name: "completing", lease: 1n },
  ],
  [
    "a pause lasts as long as its order, though the key is missing",
    [...listed, seen({ pauseOrdered: true }), pauseDone, seen({ pauseOrdered: true, missing: "instance" })],
    { name: "paused", lease: 1n, gone: true },
  ],
  [
    "the order withdrawn puts the key again",
    [...listed, seen({ pauseOrdered: true }), pauseDone, seen({ missing: "instance" })],
    { name: "putting", lease: 1n },
  ],
  [
    "a pause ends with the lease that it hung on",
    [...listed, seen({ pauseOrdered: true }), pauseDone, lease(undefined, expired), lease(2n), putDone],
    { name: "listed", lease: 2n },
  ],
  ["the end of a listed one has something to take out", [...listed, close], { name: "closing", confirmed: true }],
  [
    "what says something else is put again, and stays listed meanwhile",
    [...listed, valueChanged],
    { name: "completing", lease: 1n },
  ],
  [
    "what says something else while nobody knows whether it is there is put again",
    [...listed, lease(1n, expired), valueChanged],
    { name: "putting", lease: 1n, why: expired },
  ],
  [
    "the end of one whose key is another's has nothing to take out",
    [...listed, seen({ taken: other }), close],
    { name: "closing", confirmed: false },
  ],
  ["the end is the end", [...listed, close, { type: "close done" }, lease(2n), putDone], { name: "closed" }],
] satisfies [string, RegistrationEvent[], RegistrationState][]) {
  test(`registration: ${promise}`, () => assert.deepEqual(after(...events), expected));
}

const anyEvent: fc.Arbitrary<RegistrationEvent> = fc.oneof(
  fc.tuple(fc.constantFrom(undefined, 1n, 2n), fc.constantFrom(undefined, refused)).map((given) => lease(...given)),
  fc.constantFrom(putDone, putFailed(refused), pauseDone, valueChanged),
  fc
    .record(
      {
        missing: fc.constantFrom("instance" as const, "attributes" as const),
        taken: fc.constant(other),
        pauseOrdered: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    .map(seen),
);

test("registration: a put that fails again for the same reason is no change, so that each reason is told once", () => {
  for (const before of [after(lease(1n)), after(...listed, seen({ missing: "attributes" }))]) {
    const failing = next(before, putFailed(refused));
    assert.equal(next(failing, putFailed(new Error(refused.message))), failing);
    assert.notEqual(next(failing, putFailed(expired)), failing);
  }
});

test("registration: what cannot be put again is told beside being listed, not as a reason why it is not", () => {
  const state = after(...listed, seen({ missing: "attributes" }), putFailed(refused));
  assert.deepEqual([isListed(state), whyNotListed(state), whyIncomplete(state)], [true, undefined, refused]);
});

test("registration: whatever happened, a lease, a put and untouched keys end in being listed", () => {
  fc.assert(
    fc.property(fc.array(anyEvent), (events) => {
      const state = [...events, lease(undefined, expired), lease(3n), putDone, seen()].reduce(next, start);
      assert.deepEqual(state, { name: "listed", lease: 3n });
    }),
  );
});

test("registration: one that is not listed any more has a reason, in every order of things", () => {
  fc.assert(
    fc.property(fc.array(anyEvent), (events) => {
      let state: RegistrationState = start;
      for (const event of events) {
        const before = state;
        state = next(before, event);
        if (isListed(before) && !isListed(state)) assert.ok(whyNotListed(state), `${before.name} to ${state.name}`);
      }
      assert.equal(isListed(next(state, close)), false);
    }),
    { numRuns: 1_000 },
  );
});

test("registration: to see the same again changes nothing", () => {
  fc.assert(
    fc.property(fc.array(anyEvent), (events) => {
      const state = [lease(1n), putDone, ...events].reduce(next, start);
      for (const what of [
        {},
        { missing: "instance" },
        { missing: "attributes" },
        { taken: other },
        { pauseOrdered: true },
      ] as const) {
        const once = next(state, seen(what));
        const twice = next(once, seen(what));
        assert.equal(next(twice, seen(what)), twice);
      }
    }),
  );
});
