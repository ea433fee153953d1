import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { TestedBackend } from "./index.js";
import { Stage } from "./stage.js";

const A = "10.1.0.1:8080";
const B = "10.1.0.2:8080";
const C = "10.1.0.3:8080";

/** What Discovery promises. */
export function testDiscovery(tested: TestedBackend): void {
  const promise = (name: string, run: (stage: Stage, t: TestContext) => Promise<void>) =>
    test(name, async (t) => run(await Stage.set(t, tested), t));

  promise("a watch yields the whole set at first and after every change, each instance once", async (stage) => {
    await stage.list("order", A, B);
    const follower = await stage.follow("order");
    await follower.shows(A, B);
    await stage.list("order", B, C);
    await follower.shows(B, C);
    for (const set of follower.sets) assert.equal(new Set(set.map(({ address }) => address)).size, set.length);
  });

  promise("a service without instances is the empty set, once the backend has answered, and fills", async (stage) => {
    const follower = await stage.follow("order");
    await follower.shows();
    await stage.list("order", A);
    await follower.shows(A);
    await stage.list("order");
    await follower.shows();
  });

  promise("a watch sees its service alone, whatever the names of others begin with", async (stage) => {
    await stage.list("order", A);
    await stage.list("order2", B);
    await stage.list("orde", C);
    await (await stage.follow("order")).shows(A);
    await (await stage.follow("order2")).shows(B);
  });

  promise(
    "an abort ends the iteration without an error: before it begins, while it waits, after a set",
    async (stage) => {
      await stage.list("order", A);
      const { discovery, service } = await stage.discovery("order");
      for await (const _set of discovery.watch(service, { signal: AbortSignal.abort() })) {
        assert.fail("nothing is to be yielded after an abort");
      }
      const waiting = await stage.follow("order");
      await waiting.end();
      const reading = await stage.follow("order");
      await reading.shows(A);
      await reading.end();
      assert.deepEqual([waiting.ended, reading.ended], [{}, {}]);
    },
  );

  promise("a reader may leave its loop, and one watch that ends does not end another", async (stage) => {
    await stage.list("order", A);
    const staying = await stage.follow("order");
    await staying.shows(A);
    const { discovery, service } = await stage.discovery("order");
    for await (const _set of discovery.watch(service, { signal: new AbortController().signal })) break;
    const ending = await stage.follow("order");
    await ending.end();
    await stage.list("order", A, B);
    await staying.shows(A, B);
  });

  promise("a reader that is slower than the changes sees the newest set", async (stage) => {
    await stage.list("order", A);
    const { discovery, service } = await stage.discovery("order");
    const abort = new AbortController();
    const slow = discovery.watch(service, { signal: abort.signal })[Symbol.asyncIterator]();
    await slow.next();
    const quick = await stage.follow("order");
    for (const addresses of [[A, B], [B, C], [C]]) {
      await stage.list("order", ...addresses);
      await quick.shows(...addresses);
    }
    let newest: readonly { readonly address: string }[] = [];
    // One set may be under way already; the changes between are not read one by one.
    for (let reads = 0; reads < 3 && newest.map(({ address }) => address).join() !== C; reads++) {
      const { value } = await slow.next();
      newest = value ?? [];
    }
    abort.abort();
    await slow.return?.();
    assert.deepEqual(
      newest.map(({ address }) => address),
      [C],
    );
  });

  promise(
    "an outage neither ends nor empties a watch, and is told once; what changed meanwhile is seen after it",
    async (stage, t) => {
      const { server } = stage;
      if (!server.break || !server.restore) return t.skip("the server cannot be broken");
      await stage.list("order", A);
      const follower = await stage.follow("order");
      await follower.shows(A);
      await server.break();
      await follower.until(() => follower.troubles.length > 0, "tells of trouble");
      await stage.moment();
      assert.notEqual(follower.troubles[0]?.message ?? "", "", "the reason is in words");
      assert.deepEqual(follower.now, [A]);
      await server.restore();
      await stage.list("order", A, B);
      await follower.shows(A, B);
      await follower.until(() => follower.troubles.at(-1) === undefined, "tells that all is well again");
      assert.equal(follower.ended, undefined);
      const words = follower.troubles.map((trouble) => trouble?.message);
      assert.ok(
        words.every((one, index) => one !== words[index - 1] || index === 0),
        `the same is not told twice in a row: ${words.join("; ")}`,
      );
    },
  );

  promise(
    "a watch that begins during an outage yields nothing, not emptiness, and the set once that is over",
    async (stage, t) => {
      const { server } = stage;
      if (!server.break || !server.restore) return t.skip("the server cannot be broken");
      await stage.list("order", A);
      await server.break();
      const follower = await stage.follow("order");
      await follower.until(() => follower.troubles.length > 0, "tells of trouble");
      assert.deepEqual(follower.sets, []);
      await server.restore();
      await follower.shows(A);
    },
  );
}
