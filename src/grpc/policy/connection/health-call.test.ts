import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metadata } from "@grpc/grpc-js";
import type { Subchannel } from "../../shield/experimental.js";
import { startHealthCall } from "./health-call.js";

test("call credentials that never come hold no health call up: the far side is asked without them", async () => {
  const sent: Metadata[] = [];
  const call = { sendMessageWithContext() {}, halfClose() {}, startRead() {} };
  const subchannel = {
    getCallCredentials: () => ({ generateMetadata: () => new Promise(() => {}) }),
    getRealSubchannel: () => ({
      createCall: (metadata: Metadata) => {
        sent.push(metadata);
        return call;
      },
    }),
  };
  const listener = { onReceiveMetadata() {}, onReceiveMessage() {}, onReceiveStatus() {} };
  // Its timer keeps no process alive.
  const held = setInterval(() => {}, 1_000);
  await startHealthCall("Check", subchannel as unknown as Subchannel, "", listener);
  clearInterval(held);
  assert.deepEqual(
    sent.map((metadata) => metadata.getMap()),
    [{}],
  );
});
