import assert from "node:assert/strict";
import { type EtcdClient, fails, op } from "./etcd-client.js";
import { contract } from "./registries.js";

const PASSWORD = "correct horse";
const NO_USER = "etcdserver: user name is empty";
const BAD_TOKEN = "etcdserver: invalid auth token";

contract("authentication", (promise) => {
  promise(
    "callers need a token, tokens need the password, and expired ones are told apart",
    async ({ registry, client, key }) => {
      const { ID: lease } = await client.grant({ TTL: 60n });
      await registry.requireAuth(PASSWORD);

      const wrong = "etcdserver: authentication failed, invalid user ID or password";
      await fails(client.authenticate("root", "wrong"), "INVALID_ARGUMENT", wrong);
      await fails(client.authenticate("nobody", PASSWORD), "INVALID_ARGUMENT", wrong);

      await fails(client.range({ key: key("a") }), "INVALID_ARGUMENT", NO_USER);
      await fails(client.put({ key: key("a") }), "INVALID_ARGUMENT", NO_USER);
      await fails(client.deleteRange({ key: key("a") }), "INVALID_ARGUMENT", NO_USER);
      await fails(client.txn({ success: [op.put({ key: key("a") })] }), "INVALID_ARGUMENT", NO_USER);
      await checkWatch(client, `rpc error: code = InvalidArgument desc = ${NO_USER}`);

      client.metadata.set("token", "never given");
      await fails(client.range({ key: key("a") }), "UNAUTHENTICATED", BAD_TOKEN);
      await fails(client.put({ key: key("a") }), "UNAUTHENTICATED", BAD_TOKEN);
      await fails(client.grant({ TTL: 60n }), "UNAUTHENTICATED", BAD_TOKEN);
      await fails(client.revoke(lease), "UNAUTHENTICATED", BAD_TOKEN);
      await checkWatch(client, `rpc error: code = Unauthenticated desc = ${BAD_TOKEN}`);

      client.metadata.remove("token"); // etcd 3.4 refuses a login that carries a token which is not valid
      const { token, header } = await client.authenticate("root", PASSWORD);
      assert.ok(header!.revision > 0n);
      client.metadata.set("token", token);
      await client.put({ key: key("a"), lease });
      await checkWatch(client, undefined);
      await checkKeepAlive(client, lease);

      await registry.expireTokens();
      await fails(client.put({ key: key("a") }), "UNAUTHENTICATED", BAD_TOKEN);
      await checkWatch(client, `rpc error: code = Unauthenticated desc = ${BAD_TOKEN}`);
      client.metadata.remove("token");
      client.metadata.set("token", (await client.authenticate("root", PASSWORD)).token);
      assert.equal((await client.range({ key: key("a") })).count, 1n);
      await client.revoke(lease);
    },
  );

  async function checkWatch(client: EtcdClient, refusal: string | undefined): Promise<void> {
    const watch = client.watch();
    const created = await watch.created({ key: Buffer.from("k"), watchId: 3n });
    watch.close();
    assert.deepEqual(
      [created.watchId, created.canceled, created.cancelReason],
      refusal === undefined ? [3n, false, ""] : [-1n, true, refusal],
    );
  }

  /** Without a token it is no promise: etcd 3.4 keeps the lease of whoever knows its id alive, 3.6.16 asks for a user. */
  async function checkKeepAlive(client: EtcdClient, lease: bigint): Promise<void> {
    const keepAlive = client.keepAlive();
    keepAlive.send({ ID: lease });
    assert.equal((await keepAlive.next()).TTL, 60n);
    keepAlive.close();
  }
});
