import assert from "node:assert/strict";
import { type Event, Event_EventType, WatchCreateRequest_FilterType as FilterType } from "../../src/proto/etcd.js";
import { op } from "./etcd-client.js";
import { contract } from "./registries.js";

const { PUT, DELETE } = Event_EventType;
const bytes = (text: string) => Buffer.from(text);
const short = ({ type, kv }: Event) => [type, kv!.key.toString().split("/")[1], kv!.modRevision];

contract("watches", (promise) => {
  promise("a watch is confirmed first and then told of each change", async ({ client, key, end }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    const { revision } = (await client.put({ key: key("before") })).header!;
    const created = await watch.created({ key: key(""), rangeEnd: end });
    assert.deepEqual(
      [created.watchId, created.canceled, created.header!.revision, created.events],
      [0n, false, revision, []],
    );
    await client.put({ key: key("a"), value: bytes("1") });
    await client.put({ key: key("a"), value: bytes("2") });
    await client.deleteRange({ key: key("a") });
    const put = await watch.next();
    assert.deepEqual([put.watchId, put.created, put.header!.revision], [0n, false, revision + 1n]);
    assert.deepEqual(put.events, [
      {
        type: PUT,
        kv: {
          key: key("a"),
          value: bytes("1"),
          createRevision: revision + 1n,
          modRevision: revision + 1n,
          version: 1n,
          lease: 0n,
        },
        prevKv: undefined,
      },
    ]);
    assert.equal((await watch.next()).events[0]!.kv!.version, 2n);
    assert.deepEqual((await watch.next()).events, [
      {
        type: DELETE,
        kv: {
          key: key("a"),
          value: bytes(""),
          createRevision: 0n,
          modRevision: revision + 3n,
          version: 0n,
          lease: 0n,
        },
        prevKv: undefined,
      },
    ]);
  });

  promise("a watch sees its key or range and nothing beside it", async ({ client, key, end }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    const ids: Record<string, bigint> = {};
    for (const [name, range] of Object.entries({
      key: { key: key("b") },
      interval: { key: key("b"), rangeEnd: key("c") },
      all: { key: key(""), rangeEnd: end },
      from: { key: key("bb"), rangeEnd: Buffer.from([0]) },
    })) {
      ids[name] = (await watch.created(range)).watchId;
    }
    assert.equal(new Set(Object.values(ids)).size, 4);
    for (const name of ["a", "b", "bb", "c"]) await client.put({ key: key(name) });
    const seen = new Map<bigint, string[]>(Object.values(ids).map((id) => [id, []]));
    for (let count = 0; count < 9; ) {
      const { watchId, events } = await watch.next();
      for (const event of events) seen.get(watchId)!.push(String(short(event)[1]));
      count += events.length;
    }
    assert.deepEqual(
      [seen.get(ids.key!), seen.get(ids.interval!), seen.get(ids.all!), seen.get(ids.from!)],
      [["b"], ["b", "bb"], ["a", "b", "bb", "c"], ["bb", "c"]],
    );
  });

  promise("an empty key with a zero byte as range end watches everything", async ({ client, key }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    await watch.created({ key: bytes(""), rangeEnd: Buffer.from([0]) });
    await client.put({ key: key("a") });
    assert.deepEqual((await watch.events(1))[0]!.kv!.key, key("a"));
  });

  promise(
    "a watch from a past revision gets history first, in order and without gaps",
    async ({ client, key, end }, t) => {
      const first = (await client.put({ key: key("a") })).header!.revision;
      await client.put({ key: key("other"), value: bytes("x") });
      await client.put({ key: key("a") });
      await client.deleteRange({ key: key("a") });
      const watch = client.watch();
      t.after(() => watch.close());
      const created = await watch.created({ key: key(""), rangeEnd: end, startRevision: first + 1n });
      assert.equal(created.header!.revision, first + 3n);
      await client.put({ key: key("b") });
      assert.deepEqual((await watch.events(4)).map(short), [
        [PUT, "other", first + 1n],
        [PUT, "a", first + 2n],
        [DELETE, "a", first + 3n],
        [PUT, "b", first + 4n],
      ]);
    },
  );

  promise("a watch from a future revision waits for it", async ({ client, key, end }, t) => {
    const { revision } = (await client.put({ key: key("a") })).header!;
    const watch = client.watch();
    t.after(() => watch.close());
    const created = await watch.created({ key: key(""), rangeEnd: end, startRevision: revision + 3n });
    assert.equal(created.header!.revision, revision);
    for (let i = 0; i < 4; i++) await client.put({ key: key("a") });
    assert.deepEqual((await watch.events(2)).map(short), [
      [PUT, "a", revision + 3n],
      [PUT, "a", revision + 4n],
    ]);
  });

  promise("all events of one revision come in one answer", async ({ client, key, end }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    const { header } = await watch.created({ key: key(""), rangeEnd: end });
    const names = Array.from({ length: 100 }, (_, i) => `k${String(i).padStart(3, "0")}`);
    await client.txn({ success: names.map((name) => op.put({ key: key(name) })) });
    await client.deleteRange({ key: key(""), rangeEnd: end });
    const [puts, deletes] = [await watch.next(), await watch.next()];
    const revision = header!.revision + 1n;
    assert.deepEqual(
      puts.events.map(short),
      names.map((name) => [PUT, name, revision]),
    );
    assert.deepEqual(
      deletes.events.map(short),
      names.map((name) => [DELETE, name, revision + 1n]),
    );
  });

  promise("long history comes whole", async ({ client, key }, t) => {
    const { revision } = (await client.put({ key: key("a") })).header!;
    await Promise.all(Array.from({ length: 1100 }, () => client.put({ key: key("a") })));
    const watch = client.watch();
    t.after(() => watch.close());
    await watch.created({ key: key("a"), startRevision: revision });
    const events = await watch.events(1101);
    assert.deepEqual(
      events.map(({ kv }) => kv!.modRevision),
      Array.from({ length: 1101 }, (_, i) => revision + BigInt(i)),
    );
  });

  promise("prev_kv gives what the key held before, also of history", async ({ client, key }, t) => {
    const { revision } = (await client.put({ key: key("a"), value: bytes("1") })).header!;
    await client.put({ key: key("a"), value: bytes("2") });
    const watch = client.watch();
    t.after(() => watch.close());
    await watch.created({ key: key("a"), startRevision: revision, prevKv: true });
    await client.deleteRange({ key: key("a") });
    await client.put({ key: key("a"), value: bytes("3") });
    const events = await watch.events(4);
    assert.deepEqual(
      events.map(({ type, prevKv }) => [type, prevKv?.value.toString(), prevKv?.modRevision]),
      [
        [PUT, undefined, undefined],
        [PUT, "1", revision],
        [DELETE, "2", revision + 1n],
        [PUT, undefined, undefined],
      ],
    );
  });

  promise("filters hide puts or deletes", async ({ client, key }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    const noPut = (await watch.created({ key: key("a"), filters: [FilterType.NOPUT] })).watchId;
    const noDelete = (await watch.created({ key: key("a"), filters: [FilterType.NODELETE] })).watchId;
    const none = [FilterType.NOPUT, FilterType.NODELETE];
    await watch.created({ key: key("a"), filters: none });
    await client.put({ key: key("a") });
    await client.deleteRange({ key: key("a") });
    const answers = [await watch.next(), await watch.next()];
    assert.deepEqual(
      answers.map(({ watchId, events }) => [watchId, events.map(({ type }) => type)]),
      [
        [noDelete, [PUT]],
        [noPut, [DELETE]],
      ],
    );
  });

  promise("ids are given or chosen, and never shared", async ({ client, key }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    const id = async (watchId: bigint) => (await watch.created({ key: key("a"), watchId })).watchId;
    assert.deepEqual([await id(0n), await id(2n), await id(0n), await id(0n)], [0n, 2n, 1n, 3n]);
    const duplicate = await watch.created({ key: key("a"), watchId: 2n });
    assert.deepEqual(
      [duplicate.watchId, duplicate.canceled, duplicate.cancelReason],
      [-1n, true, "mvcc: duplicate watch ID provided on the WatchStream"],
    );
    watch.cancel(2n);
    assert.equal((await watch.next()).canceled, true);
    assert.equal(await id(2n), 2n);
  });

  promise("an empty range cannot be watched", async ({ client, key }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    for (const rangeEnd of [key("a"), key("b")]) {
      const refused = await watch.created({ key: key("b"), rangeEnd });
      assert.deepEqual(
        [refused.watchId, refused.canceled, refused.cancelReason, refused.compactRevision],
        [-1n, true, "mvcc: watcher range is empty", 0n],
      );
    }
  });

  promise(
    "a cancelled watch is confirmed and hears nothing more; an unknown one is passed over",
    async ({ client, key }, t) => {
      const watch = client.watch();
      t.after(() => watch.close());
      const stays = (await watch.created({ key: key("a") })).watchId;
      const goes = (await watch.created({ key: key("a") })).watchId;
      watch.cancel(777n);
      watch.cancel(goes);
      const canceled = await watch.next();
      assert.deepEqual(
        [canceled.watchId, canceled.canceled, canceled.created, canceled.compactRevision, canceled.cancelReason],
        [goes, true, false, 0n, ""],
      );
      watch.cancel(goes);
      await client.put({ key: key("a") });
      await client.put({ key: key("a") });
      for (let i = 0; i < 2; i++) assert.equal((await watch.next()).watchId, stays);
    },
  );

  promise(
    "a watch from a compacted revision is confirmed, then cancelled with the revision to begin from",
    async ({ client, key }, t) => {
      const first = (await client.put({ key: key("a"), value: bytes("1") })).header!.revision;
      await client.put({ key: key("a"), value: bytes("2") });
      await client.put({ key: key("a"), value: bytes("3") });
      await client.compact({ revision: first + 1n, physical: true });
      const watch = client.watch();
      t.after(() => watch.close());
      const { watchId } = await watch.created({ key: key("a"), startRevision: first, watchId: 5n });
      const canceled = await watch.next();
      assert.deepEqual(
        [canceled.watchId, canceled.canceled, canceled.created, canceled.compactRevision, canceled.events],
        [watchId, true, false, first + 1n, []],
      );
      assert.equal(canceled.header!.revision, 0n, "etcd leaves the revision out of this one header");
      assert.notEqual(canceled.header!.clusterId, 0n);

      // Its id stays taken until the client cancels it too.
      assert.equal((await watch.created({ key: key("a"), watchId })).canceled, true);
      watch.cancel(watchId);
      assert.deepEqual((await watch.next()).canceled, true);
      assert.equal((await watch.created({ key: key("other"), watchId })).canceled, false);

      // The compacted revision itself can still be watched from; what its change replaced is gone.
      const from = await watch.created({ key: key("a"), startRevision: first + 1n, prevKv: true });
      const events = await watch.events(2);
      assert.notEqual(from.watchId, -1n);
      assert.deepEqual(
        events.map(({ kv, prevKv }) => [kv!.modRevision, prevKv?.value.toString()]),
        [
          [first + 1n, undefined],
          [first + 2n, "2"],
        ],
      );
    },
  );

  promise(
    "a progress request is answered once for all watches, when they are up to date",
    async ({ client, key }, t) => {
      const watch = client.watch();
      t.after(() => watch.close());
      await watch.created({ key: key("a") });
      await watch.created({ key: key("b") });
      const { revision } = (await client.put({ key: key("elsewhere") })).header!;
      watch.requestProgress();
      const progress = await watch.next();
      assert.deepEqual(
        [progress.watchId, progress.created, progress.canceled, progress.events, progress.header!.revision],
        [-1n, false, false, [], revision],
      );
    },
  );

  promise("an idle watch that asked for it is told of progress by itself", async ({ client, key }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    await watch.created({ key: key("silent") });
    const { watchId } = await watch.created({ key: key("a"), progressNotify: true });
    const { revision } = (await client.put({ key: key("elsewhere") })).header!;
    for (let told = 0n; told < revision; ) {
      const progress = await watch.next();
      assert.deepEqual([progress.watchId, progress.events], [watchId, []]);
      told = progress.header!.revision;
    }
  });

  promise("a watch goes on after the client's half of the stream is closed", async ({ client, key }, t) => {
    const watch = client.watch();
    t.after(() => watch.close());
    await watch.created({ key: key("a") });
    watch.call.end();
    await client.put({ key: key("a") });
    assert.equal((await watch.events(1)).length, 1);
  });

  promise("a watch that asks for fragments gets large answers in parts", async ({ client, key, end }, t) => {
    const { revision } = (await client.put({ key: key("0") })).header!;
    const value = Buffer.alloc(600 * 1024);
    for (const name of ["1", "2", "3", "4", "5"]) await client.put({ key: key(name), value });
    const watch = client.watch();
    t.after(() => watch.close());
    await watch.created({ key: key(""), rangeEnd: end, startRevision: revision, fragment: true });
    const names: unknown[] = [];
    const more: boolean[] = [];
    while (names.length < 6) {
      const part = await watch.next();
      names.push(...part.events.map((event) => short(event)[1]));
      more.push(part.fragment);
    }
    assert.deepEqual(names, ["0", "1", "2", "3", "4", "5"]);
    assert.ok(more.length > 1, "in parts");
    assert.deepEqual([...new Set(more.slice(0, -1)), more.at(-1)], [true, false]);
  });
});
