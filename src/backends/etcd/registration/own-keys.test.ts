import assert from "node:assert/strict";
import { test } from "node:test";
import { RangeView } from "../../../etcd-client/watch/range-view.js";
import type { Watcher } from "../../../etcd-client/watch/watcher.js";
import { OwnKeys } from "./own-keys.js";

const KEY = "shop/1";

/** A watch whose listings are given by hand. */
function watched() {
  const view = new RangeView();
  let changed = () => {};
  const watcher = {
    watch: (_: unknown, observer: { changed(): void }) => {
      changed = () => observer.changed();
      return { view, close() {} };
    },
  };
  const own = new OwnKeys(watcher as unknown as Watcher, [KEY], () => {});
  const list = (revision: bigint, listing: number) => {
    view.list(revision, [], listing);
    changed();
  };
  return { own, view, list };
}

test("a listing from before the put does not say that the key is missing, however late it comes", () => {
  const { own, view, list } = watched();
  const early = view.begin();
  own.put(10n);
  list(9n, early);
  assert.equal(own.missing, undefined);
});

test("a listing asked for after the put does, also where etcd has gone back to before it", () => {
  const { own, view, list } = watched();
  own.put(10n);
  list(8n, view.begin());
  assert.equal(own.missing, "instance");
});

test("a watch that has not shown a put does not go on from before it", () => {
  const { own, view, list } = watched();
  list(8n, view.begin());
  own.put(10n);
  assert.equal(view.revision, 8n);
  assert.equal(view.expected, 10n);
});
