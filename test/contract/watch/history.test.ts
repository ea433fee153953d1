import assert from "node:assert/strict";
import { contract } from "../registries.js";
import { DELETE, PUT, short } from "./event.js";

const bytes = (text: string) => Buffer.from(text);

contract("watches of the past", (promise) => {
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
});
