import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { systemTiming } from "../../../async/timing.js";
import { Activity } from "../../../membership/connection/activity.js";
import { DialLimit } from "../../../membership/connection/dial-limit.js";
import type { PolicyHelper, Subchannel } from "../../shield/experimental.js";
import { GrpcTransport } from "./grpc-transport.js";
import { CONNECT_MS } from "./limited-subchannel.js";
import { TooManyPings } from "./too-many-pings.js";

const { getSubchannelPool } = createRequire(import.meta.url)("@grpc/grpc-js/build/src/subchannel-pool.js");

/** Subchannels that are listened to. */
class CountedPings extends TooManyPings {
  readonly heard = new Set<Subchannel>();

  override listenTo(subchannel: Subchannel, instance: string, setMs: number): () => void {
    this.heard.add(subchannel);
    const stop = super.listenTo(subchannel, instance, setMs);
    return () => {
      this.heard.delete(subchannel);
      stop();
    };
  }
}

test("an instance that accepts connections and says nothing is dialled again and again, and each attempt forgotten", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;

  // Ten seconds are over when the test says so.
  const due: (() => void)[] = [];
  const after: typeof systemTiming.after = (ms, run) => {
    if (ms !== CONNECT_MS) return systemTiming.after(ms, run);
    due.push(run);
    return () => void due.splice(due.indexOf(run), due.includes(run) ? 1 : 0);
  };
  const timing = { ...systemTiming, after };
  const pool = getSubchannelPool(false);
  const created: Subchannel[] = [];
  const helper = {
    createSubchannel(address, args) {
      const target = { scheme: "dns", path: "silent" };
      const subchannel = pool.getOrCreateSubchannel(target, address, args, credentials.createInsecure());
      created.push(subchannel);
      return subchannel;
    },
    updateState: () => {},
    requestReresolution: () => {},
    addChannelzChild: () => {},
    removeChannelzChild: () => {},
  } as PolicyHelper;
  const pings = new CountedPings();
  const limit = new DialLimit(timing);
  const transport = new GrpcTransport({ helper, channel: {}, healthService: undefined, limit, pings, timing });
  const failures: string[] = [];
  const line = transport.line(
    { instance: { address: `127.0.0.1:${port}` }, endpoint: { addresses: [{ host: "127.0.0.1", port }] } },
    {
      fresh: false,
      activity: new Activity(timing, { busy: () => {}, unanswered: () => {} }),
      connected: () => assert.fail("nobody has answered"),
      failed: (reason) => void failures.push(reason),
      lost: () => {},
    },
  );
  line.start();
  for (let attempt = 1; attempt <= 5; attempt++) {
    while (due.length === 0) await new Promise(setImmediate);
    due[0]!();
    assert.equal(failures.length, attempt);
  }
  assert.ok(created.length >= 5);
  assert.ok(pings.heard.size <= 1, "at most the last attempt is listened to");
  line.close();
  assert.equal(pings.heard.size, 0);
  for (const socket of sockets) socket.destroy();
  silent.close();
});
