import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { systemTiming, type Timing } from "../../../async/timing.js";
import { Activity } from "../../../membership/connection/activity.js";
import { DialLimit } from "../../../membership/connection/dial-limit.js";
import type { LineEvents } from "../../../membership/connection/transport.js";
import type { PolicyHelper, Subchannel } from "../../shield/experimental.js";
import type { GrpcSession } from "./grpc-session.js";
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

/** Timing by which the ten seconds of a dial are over when the test says so, and as late as it says. */
function connectLimitByHand() {
  const due: ((lateMs?: number) => void)[] = [];
  let ahead = 0;
  const timing: Timing = {
    ...systemTiming,
    now: () => systemTiming.now() + ahead,
    after(ms, run) {
      if (ms !== CONNECT_MS) return systemTiming.after(ms, run);
      const over = (lateMs = 0) => {
        ahead += ms + lateMs;
        run();
      };
      due.push(over);
      return () => void due.splice(due.indexOf(over), due.includes(over) ? 1 : 0);
    },
  };
  return { due, timing };
}

/** A line to a port of this machine, and what it makes. */
function openLine(port: number, timing: Timing, events: Pick<LineEvents<GrpcSession>, "connected" | "failed">) {
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
  const line = transport.line(
    { instance: { address: `127.0.0.1:${port}` }, endpoint: { addresses: [{ host: "127.0.0.1", port }] } },
    {
      fresh: false,
      activity: new Activity(timing, { busy: () => {}, unanswered: () => {} }),
      lost: () => {},
      ...events,
    },
  );
  return { line, created, pings };
}

test("an instance that accepts connections and says nothing is dialled again and again, and each attempt forgotten", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;

  const { due, timing } = connectLimitByHand();
  const failures: string[] = [];
  const { line, created, pings } = openLine(port, timing, {
    connected: () => assert.fail("nobody has answered"),
    failed: (reason) => void failures.push(reason),
  });
  line.start();
  for (let attempt = 1; attempt <= 5; attempt++) {
    while (due.length === 0) await new Promise(setImmediate);
    due.shift()!();
    while (failures.length < attempt) await new Promise(setImmediate);
  }
  assert.ok(created.length >= 5);
  assert.ok(pings.heard.size <= 1, "at most the last attempt is listened to");
  line.close();
  assert.equal(pings.heard.size, 0);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test("a stall of this process while it dials is not the instance's: the dial goes on, as by grpc-js alone", async () => {
  const server = new Server();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const { due, timing } = connectLimitByHand();
  const connected = new Promise<void>((resolve, reject) => {
    const failed = (reason: string) => reject(new Error(reason));
    openLine(port, timing, { connected: () => resolve(), failed }).line.start();
  });
  while (due.length === 0) await new Promise(setImmediate); // until it dials
  due.shift()!(500);
  await connected;
  server.forceShutdown();
});
