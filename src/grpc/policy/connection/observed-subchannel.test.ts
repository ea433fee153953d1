import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Metadata, status } from "@grpc/grpc-js";
import { systemTiming } from "../../../async/timing.js";
import { Activity } from "../../../membership/connection/activity.js";
import { ObservedCall } from "./observed-subchannel.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A call with all that is above it, which nobody else holds. */
function ended(activity: Activity): { call: ObservedCall; above: WeakRef<object>[]; ends: status[] } {
  const ends: status[] = [];
  const listener = {
    onReceiveMetadata: () => {},
    onReceiveMessage: () => {},
    onReceiveStatus: ({ code }: { code: status }) => void ends.push(code),
  };
  const watcher = { onFirstMessage: () => {}, onRefused: () => false };
  const metadata = new Metadata();
  const call = new ObservedCall("/a/b", metadata, listener, activity, new Map());
  call.watcher = watcher;
  call.onReceiveMetadata(new Metadata());
  call.onReceiveMessage(Buffer.alloc(5));
  call.onReceiveStatus({ code: status.OK, details: "", metadata: new Metadata() });
  return { call, above: [new WeakRef(listener), new WeakRef(watcher), new WeakRef(metadata)], ends };
}

test("a call that is over holds nothing of what was above it: Node's stream, which holds the call, lives on for long", async () => {
  const { call, above, ends } = ended(new Activity(systemTiming, { busy: () => {}, unanswered: () => {} }));
  // What a WeakRef was made of or asked for stays until the turn of the event loop is over.
  await new Promise(setImmediate);
  collectGarbage();
  assert.deepEqual([ends, above.map((one) => one.deref())], [[status.OK], [undefined, undefined, undefined]]);
  assert.equal(call.endedByFarSide, true);
});
