import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EtcdClient } from "../etcd-client.js";
import { REGISTRIES } from "../registries.js";
import { outcome } from "./comparable.js";
import { type Answer, operation } from "./operations.js";
import { EVERYTHING, history, SENTINEL, watch } from "./watches.js";

/**
 * The same random operations against the dev registry and a real etcd must get the same answers. Both begin empty and
 * get nothing else, so revisions are equal as they stand; what differs by nature (ids of cluster and member, raft's term,
 * seconds left) is made equal first. FUZZ_RUNS sets the number of sequences, default 60.
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 60);

const [dev, real] = REGISTRIES;

test("random operations get the same answers from both", { skip: real!.skip }, async (t) => {
  const registries = [await dev!.start(), await real!.start()];
  const clients = registries.map(({ endpoint }) => new EtcdClient(endpoint));
  t.after(async () => {
    for (const client of clients) client.close();
    await Promise.all(registries.map((registry) => registry.stop()));
  });
  const both = async (ask: (client: EtcdClient) => Promise<Answer>) => {
    const [ours, theirs] = await Promise.all(clients.map((client) => outcome(ask(client))));
    return { ours, theirs };
  };

  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 40, size: "max" }),
      fc.array(watch, { maxLength: 3 }),
      async (steps, watches) => {
        const bases = await Promise.all(clients.map(startOver));
        assert.equal(bases[0], bases[1]);
        const base = bases[0]!;
        for (const step of steps) {
          const { ours, theirs } = await both((client) => step.run(client, base));
          assert.deepEqual(ours, theirs, String(step));
        }
        for (const wanted of watches) {
          const { ours, theirs } = await both((client) => history(client, wanted));
          assert.deepEqual(ours, theirs, "watch");
        }
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000 },
  );
});

/** Empties a registry and returns its revision; a new put makes sure that both have one. */
async function startOver(client: EtcdClient): Promise<bigint> {
  for (const ID of [1n, 2n, 3n]) await client.revoke(ID).catch(() => {});
  await client.deleteRange(EVERYTHING);
  await client.put({ key: SENTINEL });
  return (await client.deleteRange(EVERYTHING)).header!.revision;
}
