import assert from "node:assert/strict";
import { fails } from "./etcd-client.js";
import { contract } from "./registries.js";

const bytes = (text: string) => Buffer.from(text);
const UNKNOWN = 123456789n;

contract("leases", (promise) => {
  promise("a lease has the id that was given, or a positive one of its own", async ({ client }) => {
    const { revision } = (await client.range({ key: bytes("x") })).header!;
    const chosen = await client.grant({ TTL: 30n });
    assert.ok(chosen.ID > 0n);
    assert.deepEqual([chosen.TTL, chosen.error, chosen.header!.revision], [30n, "", revision]);
    const given = await client.grant({ ID: 4242n, TTL: 40n });
    assert.deepEqual([given.ID, given.TTL], [4242n, 40n]);
    await fails(client.grant({ ID: 4242n, TTL: 10n }), "FAILED_PRECONDITION", "etcdserver: lease already exists");
    const negative = await client.grant({ ID: -7n, TTL: 40n });
    assert.equal(negative.ID, -7n);
    for (const { ID } of [chosen, given, negative]) await client.revoke(ID);
  });

  promise("a TTL is at least the registry's shortest and at most etcd's longest", async ({ client }) => {
    for (const TTL of [1n, 0n, -5n]) {
      const lease = await client.grant({ TTL });
      assert.equal(lease.TTL, 2n, `asked for ${TTL}`);
      await client.revoke(lease.ID);
    }
    const longest = await client.grant({ TTL: 9_000_000_000n });
    assert.equal(longest.TTL, 9_000_000_000n);
    const { TTL } = await client.timeToLive({ ID: longest.ID });
    assert.ok(TTL > 8_999_999_000n);
    await client.revoke(longest.ID);
    await fails(client.grant({ TTL: 9_000_000_001n }), "OUT_OF_RANGE", "etcdserver: too large lease TTL");
  });

  promise("revoking deletes the keys in one revision", async ({ client, key, end }) => {
    const { ID: lease } = await client.grant({ TTL: 60n });
    for (const name of ["b", "a", "c"]) await client.put({ key: key(name), lease });
    const { revision } = (await client.put({ key: key("free") })).header!;
    await client.revoke(lease);
    const { kvs, header } = await client.range({ key: key(""), rangeEnd: end });
    assert.equal(header!.revision, revision + 1n);
    assert.deepEqual(
      kvs.map(({ key }) => key),
      [key("free")],
    );
    await fails(client.revoke(lease), "NOT_FOUND", "etcdserver: requested lease not found");
    await fails(client.put({ key: key("a"), lease }), "NOT_FOUND", "etcdserver: requested lease not found");
  });

  promise("revoking a lease without keys is no revision", async ({ client, key }) => {
    const { ID } = await client.grant({ TTL: 60n });
    const { revision } = (await client.put({ key: key("a") })).header!;
    await client.revoke(ID);
    assert.equal((await client.range({ key: key("a") })).header!.revision, revision);
  });

  promise("a key belongs to the lease of its last put", async ({ client, key }) => {
    const { ID: first } = await client.grant({ TTL: 60n });
    const { ID: second } = await client.grant({ TTL: 60n });
    const keys = async (ID: bigint) => (await client.timeToLive({ ID, keys: true })).keys;
    await client.put({ key: key("a"), lease: first });
    await client.put({ key: key("a"), lease: second });
    assert.deepEqual([await keys(first), await keys(second)], [[], [key("a")]]);
    await client.revoke(first);
    assert.equal((await client.range({ key: key("a") })).count, 1n);
    await client.put({ key: key("a") });
    assert.deepEqual(await keys(second), []);
    await client.put({ key: key("a"), lease: second });
    await client.deleteRange({ key: key("a") });
    await client.put({ key: key("a") });
    await client.revoke(second);
    assert.equal((await client.range({ key: key("a") })).count, 1n);
  });

  promise("the time to live tells what is left, what was granted and, if asked, the keys", async ({ client, key }) => {
    const { ID } = await client.grant({ TTL: 60n });
    for (const name of ["a", "b"]) await client.put({ key: key(name), lease: ID });
    const told = await client.timeToLive({ ID, keys: true });
    assert.deepEqual([told.ID, told.grantedTTL, told.keys.toSorted(Buffer.compare)], [ID, 60n, [key("a"), key("b")]]);
    assert.ok(told.TTL <= 60n && told.TTL >= 55n);
    assert.deepEqual((await client.timeToLive({ ID })).keys, []);
    await client.revoke(ID);
    const unknown = await client.timeToLive({ ID, keys: true });
    assert.deepEqual([unknown.ID, unknown.TTL, unknown.grantedTTL, unknown.keys], [ID, -1n, 0n, []]);
    assert.ok(unknown.header!.revision > 0n);
  });

  promise("leases are listed, the one that ends first first", async ({ client }) => {
    const ids: bigint[] = [];
    for (const TTL of [300n, 100n, 200n]) ids.push((await client.grant({ TTL })).ID);
    const listed = (await client.leases()).leases.map(({ ID }) => ID);
    assert.deepEqual(
      listed.filter((id) => ids.includes(id)),
      [ids[1], ids[2], ids[0]],
    );
    for (const id of ids) await client.revoke(id);
  });

  promise("keepalive answers in order: the TTL granted, or 0 for a lease that is not there", async ({ client }, t) => {
    const { ID } = await client.grant({ TTL: 30n });
    const keepAlive = client.keepAlive();
    t.after(() => keepAlive.close());
    for (const id of [ID, UNKNOWN, ID]) keepAlive.send({ ID: id });
    for (const [id, ttl] of [
      [ID, 30n],
      [UNKNOWN, 0n],
      [ID, 30n],
    ]) {
      const answer = await keepAlive.next();
      assert.deepEqual([answer.ID, answer.TTL], [id, ttl]);
      assert.ok(answer.header!.revision > 0n);
    }
    await client.revoke(ID);
    keepAlive.send({ ID });
    assert.equal((await keepAlive.next()).TTL, 0n);
    keepAlive.call.end();
    await assert.rejects(keepAlive.next(), /the stream has ended/);
  });

  promise(
    "a lease that is kept alive outlives one that is not, which takes its keys along in one revision",
    async ({ client, key, end }, t) => {
      const { ID: kept } = await client.grant({ TTL: 2n });
      const { ID: left } = await client.grant({ TTL: 2n });
      await client.put({ key: key("kept"), lease: kept });
      for (const name of ["b", "a"]) await client.put({ key: key(name), lease: left });
      const { revision } = (await client.put({ key: key("free") })).header!;
      const watch = client.watch();
      const keepAlive = client.keepAlive();
      const beat = setInterval(() => keepAlive.send({ ID: kept }), 300);
      t.after(() => {
        clearInterval(beat);
        watch.close();
        keepAlive.close();
      });
      await watch.created({ key: key(""), rangeEnd: end });
      const { events } = await watch.next();
      assert.deepEqual(
        events.map(({ type, kv }) => [type, kv!.key, kv!.modRevision]),
        [
          [1, key("a"), revision + 1n],
          [1, key("b"), revision + 1n],
        ],
      );
      assert.equal((await client.timeToLive({ ID: left })).TTL, -1n);
      assert.equal((await client.range({ key: key("kept") })).count, 1n);
      await client.revoke(kept);
    },
  );
});
