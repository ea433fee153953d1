import assert from "node:assert/strict";
import { contract } from "../registries.js";

contract("streams of watches", (promise) => {
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
});
