import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RangeResponse, type WatchRequest } from "../../proto/etcd.js";
import { SimulatedEtcd } from "../../testing/simulated-etcd.js";
import { EtcdError } from "../errors.js";
import { prefixRange } from "../key-range.js";
import { Status } from "../rpc/status.js";
import type { Session, StreamHandlers } from "../session.js";
import { Watcher } from "./watcher.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("a watch stream that ended, as with every token that expires, is not kept while its session lives", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  const streams: WeakRef<object>[] = [];
  let renewals = 0;
  const session: Partial<Session> = {
    host: "10.0.0.1:2379",
    ended: new Promise(() => {}),
    heard: 0,
    call: async <Res>() => RangeResponse.fromPartial({ header: { revision: 5n } }) as Res,
    stream: <Req, Res>(_: unknown, handlers: StreamHandlers<Res>) => {
      const stale = new EtcdError("10.0.0.1:2379", Status.UNAUTHENTICATED, "invalid auth token");
      setImmediate(() => handlers.end(stale));
      const stream = { heardBytes: 0, write: (_: Req) => {}, cancel: () => {} };
      streams.push(new WeakRef(stream));
      return stream;
    },
    renewToken: async () => {
      renewals += 1;
    },
    drop: () => assert.fail("a token that expired is no reason to drop the session"),
  };
  const watcher = new Watcher({ session: async () => session as Session });
  watcher.watch(prefixRange("a/"), { changed: () => {} });
  while (streams.length < 30) {
    await turn();
    mock.timers.tick(10_000);
  }
  await turn();
  collectGarbage();
  await turn();
  collectGarbage();
  const kept = streams.filter((stream) => stream.deref() !== undefined).length;
  watcher.close();
  assert.ok(renewals >= 29);
  assert.ok(kept <= 3, `${kept} of ${streams.length} streams are kept`);
});

test("a session that takes no new calls is left with its watch stream, for the next one, and is not dropped: its calls may end", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  const sessions: { readonly created: string[]; cancelled: boolean; end(reason: Error): void }[] = [];
  let current!: Session;
  /** One whose streams never end by themselves. */
  const open = () => {
    const one = { created: [] as string[], cancelled: false, end: (_: Error) => {} };
    const session: Partial<Session> = {
      host: "10.0.0.1:2379",
      ended: new Promise((resolve) => (one.end = resolve)),
      heard: 0,
      call: async <Req, Res>(_: unknown, request: Req) => {
        // Ranges are read singly.
        if (!("key" in (request as object)))
          throw new EtcdError("10.0.0.1:2379", Status.INVALID_ARGUMENT, "no Txn here");
        return RangeResponse.fromPartial({ header: { revision: 5n } }) as Res;
      },
      stream: <Req>() => ({
        heardBytes: 0,
        write: (request: Req) => {
          const { requestUnion } = request as WatchRequest;
          if (requestUnion?.$case === "createRequest") one.created.push(requestUnion.value.key.toString());
        },
        cancel: () => {
          one.cancelled = true;
        },
      }),
      drop: () => assert.fail("it has ended, and calls may be under way there"),
    };
    sessions.push(one);
    current = session as Session;
  };
  open();
  const watcher = new Watcher({ session: async () => current });
  t.after(() => watcher.close());
  watcher.watch(prefixRange("a/"), { changed: () => {} });
  await turn();
  await turn();
  assert.deepEqual(sessions[0]!.created, ["a/"]);

  open();
  sessions[0]!.end(new EtcdError("10.0.0.1:2379", Status.UNAVAILABLE, "it asked the client to go away"));
  await turn();
  assert.equal(sessions[0]!.cancelled, true);
  watcher.watch(prefixRange("b/"), { changed: () => {} });
  for (let i = 0; i < 3; i++) {
    mock.timers.tick(5_000);
    await turn();
  }
  assert.deepEqual(sessions[0]!.created, ["a/"], "nothing is added to the old one");
  assert.deepEqual(sessions[1]!.created.sort(), ["a/", "b/"]);
});

test("no watch begins at a revision that is yet to come: etcd would not answer when asked for a word", async (t) => {
  const begun: bigint[] = [];
  const session: Partial<Session> = {
    host: "10.0.0.1:2379",
    ended: new Promise(() => {}),
    heard: 0,
    call: async <Res>() => RangeResponse.fromPartial({ header: { revision: 5n } }) as Res,
    stream: <Req>() => ({
      heardBytes: 0,
      write: (request: Req) => {
        const { requestUnion } = request as WatchRequest;
        if (requestUnion?.$case === "createRequest") begun.push(requestUnion.value.startRevision);
      },
      cancel: () => {},
    }),
  };
  const watcher = new Watcher({ session: async () => session as Session });
  t.after(() => watcher.close());
  watcher.watch(prefixRange("a/"), { changed: () => {} });
  while (begun.length === 0) await turn();
  watcher.watch(prefixRange("b/"), { changed: () => {} });
  while (begun.length === 1) await turn();
  assert.deepEqual(begun, [5n, 5n]);
});

test("a range that cannot be read is told with each reason once, and is read as soon as it can be; others are not touched", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  let refused: string | undefined = "permission denied";
  const session: Partial<Session> = {
    host: "10.0.0.1:2379",
    ended: new Promise(() => {}),
    heard: 0,
    call: async <Req, Res>(_: unknown, request: Req) => {
      const { key } = request as { key?: Buffer };
      // Asked for together they are refused because of one.
      if (refused && (key === undefined || key.toString() === "a/"))
        throw new EtcdError("10.0.0.1:2379", Status.PERMISSION_DENIED, refused);
      return RangeResponse.fromPartial({ header: { revision: 5n } }) as Res;
    },
    stream: <Req>() => ({ heardBytes: 0, write: (_: Req) => {}, cancel: () => {} }),
    drop: () => assert.fail("that one range cannot be read is no reason to drop the session"),
  };
  const watcher = new Watcher({ session: async () => session as Session });
  t.after(() => watcher.close());
  const told: string[] = [];
  const watch = (prefix: string) =>
    watcher.watch(prefixRange(prefix), {
      changed: () => void told.push(`${prefix} is read`),
      trouble: (trouble) => void told.push(`${prefix} ${trouble?.message ?? "is well"}`),
    });
  watch("a/");
  watch("b/");
  /** Time for some rounds. */
  const pass = async () => {
    for (let i = 0; i < 10; i++) {
      await turn();
      mock.timers.tick(2_000);
    }
    return told.splice(0).sort();
  };
  assert.deepEqual(await pass(), ["a/ etcd at 10.0.0.1:2379: permission denied", "b/ is read"]);
  refused = "auth store is broken";
  assert.deepEqual(await pass(), ["a/ etcd at 10.0.0.1:2379: auth store is broken"]);
  refused = undefined;
  assert.deepEqual(await pass(), ["a/ is read", "a/ is well"]);
});

test("a reading that takes long is told while it goes on, and so is its end", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  let answer = () => {};
  const session: Partial<Session> = {
    host: "10.0.0.1:2379",
    ended: new Promise(() => {}),
    heard: 0,
    call: async <Res>() => {
      await new Promise<void>((resolve) => (answer = resolve));
      return RangeResponse.fromPartial({ header: { revision: 5n } }) as Res;
    },
    stream: <Req>() => ({ heardBytes: 0, write: (_: Req) => {}, cancel: () => {} }),
  };
  const watcher = new Watcher({ session: async () => session as Session });
  t.after(() => watcher.close());
  const told: string[] = [];
  watcher.watch(prefixRange("a/"), {
    changed: () => void told.push("read"),
    trouble: (trouble) => void told.push(trouble?.message ?? "well"),
  });
  for (let second = 0; second < 30; second++) {
    await turn();
    mock.timers.tick(1_000);
  }
  assert.equal(told.length, 1, String(told));
  assert.match(told[0]!, /takes longer than 10 s: there is much to read, or the network is slow/);
  answer();
  await turn();
  await turn();
  assert.deepEqual(told.slice(1), ["read", "well"]);
});

test("an observer that throws ends neither its own watch nor another's", async () => {
  const etcd = new SimulatedEtcd();
  const watcher = new Watcher(etcd);
  const seen: string[] = [];
  let throws = 0;
  watcher.watch(prefixRange("a/"), {
    changed: () => {
      throws += 1;
      throw new Error("a mistake of the observer's");
    },
  });
  watcher.watch(prefixRange("a/"), { changed: ({ put }) => void seen.push(...put.map(({ key }) => key.toString())) });
  etcd.reconnect();
  for (const key of ["a/1", "a/2"]) {
    etcd.put(key);
    for (let i = 0; i < 20; i++) {
      etcd.pump(false);
      await turn();
      etcd.deliver(0);
    }
  }
  watcher.close();
  etcd.disconnect();
  assert.deepEqual(seen, ["a/1", "a/2"]);
  assert.ok(throws >= 2);
});
