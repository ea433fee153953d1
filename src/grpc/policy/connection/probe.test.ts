import assert from "node:assert/strict";
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
  const acknowledgements: (() => void)[] = [];
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
      session: {
        destroyed: false,
        remoteSettings: { maxConcurrentStreams },
        settings: (_settings: object, acknowledged: (error: null) => void) => {
          seen.frames += 1;
          acknowledgements.push(() => acknowledged(null));
        },
      },
    },
  };
  return {
    subchannel: subchannel as unknown as Subchannel,
    seen,
    start,
    acknowledgeFrames: () => {
      for (const acknowledge of acknowledgements.splice(0)) acknowledge();
    },
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

test("a frame's answer is told once, and not to those who have given up asking", () => {
  const { subchannel, start, acknowledgeFrames } = connection(1);
  start();
  const answers: string[] = [];
  probe(subchannel, () => answers.push("asked"));
  const giveUp = probe(subchannel, () => answers.push("given up"));
  giveUp();
  acknowledgeFrames();
  assert.deepEqual(answers, ["asked"]);
});
