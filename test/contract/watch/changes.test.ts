import assert from "node:assert/strict";
import { WatchCreateRequest_FilterType as FilterType } from "../../../src/proto/etcd.js";
import { op } from "../etcd-client.js";
import { contract } from "../registries.js";
import { DELETE, PUT, short } from "./event.js";

const bytes = (text: string) => Buffer.from(text);

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
