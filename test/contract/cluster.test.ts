import assert from "node:assert/strict";
import { fails } from "./etcd-client.js";
import { contract } from "./registries.js";

contract("the cluster", (promise) => {
  promise("lists one member that can be reached where it says", async ({ client, registry }) => {
    const { members, header } = await client.members();
    assert.equal(members.length, 1);
    const [member] = members;
    assert.deepEqual(member!.clientURLs, [`http://${registry.endpoint}`]);
    assert.equal(member!.ID, header!.memberId);
    assert.equal(member!.isLearner, false);
    assert.notEqual(member!.name, "");
    assert.equal(header!.revision, 0n);
  });

  promise("tells its state", async ({ client, key }) => {
    const { header: put } = await client.put({ key: key("a") });
    const state = await client.status();
    assert.match(state.version, /^3\.\d+\.\d+/);
    assert.deepEqual([state.header!.clusterId, state.header!.memberId], [put!.clusterId, put!.memberId]);
    assert.equal(state.header!.revision, put!.revision);
    assert.equal(state.leader, state.header!.memberId);
    assert.equal(state.raftTerm, state.header!.raftTerm);
    assert.ok(state.dbSize > 0n && state.raftIndex > 0n && state.raftAppliedIndex > 0n);
    assert.deepEqual([state.errors, state.isLearner], [[], false]);
  });

  promise("refuses a login while authentication is not enabled", async ({ client }) => {
    await fails(client.authenticate("u", "p"), "FAILED_PRECONDITION", "etcdserver: authentication is not enabled");
  });
});
