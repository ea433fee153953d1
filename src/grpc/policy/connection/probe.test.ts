import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import type { Subchannel } from "../../shield/experimental.js";
import { letProcessEnd } from "../../subchannel-internals.js";
import { probe } from "./probe.js";

class FakeCall {
  readonly http2Stream = { closed: false };
  sendMessageWithContext() {}
  halfClose() {}
  startRead() {}
  cancelWithStatus() {}
}

/** A connection as grpc-js has it, on which the server allows so many streams. */
function connection(maxConcurrentStreams: number) {
  const activeCalls = new Set<FakeCall>();
  const seen = { frames: 0, checks: 0 };
  let acknowledge = () => {};
  let credentials = Promise.resolve(new Metadata());
  const start = () => {
    const call = new FakeCall();
    activeCalls.add(call);
    return call;
  };
  const subchannel = {
    getCallCredentials: () => ({ generateMetadata: () => credentials }),
    getRealSubchannel: () => subchannel,
    createCall: () => {
      seen.checks += 1;
      return start();
    },
    transport: {
      activeCalls,
      removeActiveCall: (call: FakeCall) => void activeCalls.delete(call),
      session: Object.assign(new EventEmitter(), {
        destroyed: false,
        remoteSettings: { maxConcurrentStreams },
        settings: (_: object, acknowledged: (error: null) => void) => {
          seen.frames += 1;
          acknowledge = () => acknowledged(null);
        },
      }),
    },
  };
  return {
    subchannel: subchannel as unknown as Subchannel,
    seen,
    start,
    /** The frame that came last. */
    acknowledge: () => acknowledge(),
    /** Credentials that come when the returned function is called. */
    holdCredentials: () => {
      let give = () => {};
      credentials = new Promise((resolve) => {
        give = () => resolve(new Metadata());
      });
      return () => give();
    },
  };
}

test("where calls and a health Watch of Rollcall's own have all streams, a probe is a frame, which waits for none of them", async () => {
  const { subchannel, seen, start } = connection(3);
  const watch = start();
  letProcessEnd(subchannel, watch);
  start();
  start();
  probe(subchannel, () => {});
  assert.deepEqual(seen, { frames: 1, checks: 0 });
  watch.http2Stream.closed = true;
  probe(subchannel, () => {});
  while (seen.checks < 1) await immediate();
  await immediate();
  assert.deepEqual(seen, { frames: 1, checks: 1 });
});

test("where the last stream is taken while the probe's credentials are made, a frame asks as well", async () => {
  const { subchannel, seen, start, holdCredentials } = connection(2);
  const give = holdCredentials();
  start();
  probe(subchannel, () => {});
  start();
  give();
  while (seen.checks < 1) await immediate();
  await immediate();
  assert.deepEqual(seen, { frames: 1, checks: 1 });
});

test("a probe by a frame that is given up is told no answer", () => {
  const { subchannel, acknowledge, start } = connection(1);
  start();
  let answers = 0;
  const giveUp = probe(subchannel, () => (answers += 1));
  probe(subchannel, () => (answers += 10));
  giveUp();
  acknowledge();
  assert.equal(answers, 10);
});
