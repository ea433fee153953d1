import assert from "node:assert/strict";
import {
  type ResponseOp,
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
} from "../../../src/proto/etcd.js";
import { op } from "../etcd-client.js";
import { contract } from "../registries.js";
import { compare } from "./compare.js";

const bytes = (text: string) => Buffer.from(text);

/** What an operation answered, as its kind and its header's revision. */
const summary = ({ response }: ResponseOp) => [response?.$case, response?.value.header?.revision];

contract("transactions", (promise) => {
  promise("one transaction is one revision, and later operations see earlier ones", async ({ client, key, end }) => {
    const { revision } = (await client.put({ key: key("a"), value: bytes("0") })).header!;
    const all = { key: key(""), rangeEnd: end };
    const { header, succeeded, responses } = await client.txn({
      success: [
        op.range(all),
        op.put({ key: key("b"), value: bytes("1"), prevKv: true }),
        op.range(all),
        op.delete({ key: key("a"), prevKv: true }),
        op.range(all),
      ],
    });
    assert.equal(succeeded, true);
    assert.equal(header!.revision, revision + 1n);
    assert.deepEqual(responses.map(summary), [
      ["responseRange", revision],
      ["responsePut", revision + 1n],
      ["responseRange", revision + 1n],
      ["responseDeleteRange", revision + 1n],
      ["responseRange", revision + 1n],
    ]);
    const counts = responses.flatMap(({ response }) =>
      response?.$case === "responseRange" ? [response.value.count] : [],
    );
    assert.deepEqual(counts, [1n, 2n, 1n]);
    const [kv] = (await client.range(all)).kvs;
    assert.deepEqual([kv!.createRevision, kv!.modRevision, kv!.version], [revision + 1n, revision + 1n, 1n]);
  });

  promise("a transaction that changes nothing is no revision", async ({ client, key, end }) => {
    const { revision } = (await client.put({ key: key("a") })).header!;
    for (const success of [
      [],
      [op.range({ key: key("a") })],
      [op.delete({ key: key("none") })],
      [op.txn({ success: [op.delete({ key: key("b"), rangeEnd: end })] })],
    ]) {
      const { header, succeeded } = await client.txn({ success });
      assert.deepEqual([header!.revision, succeeded], [revision, true]);
    }
  });

  promise("nested transactions decide on the state before the first change", async ({ client, key }) => {
    const absent = compare(key("a"), Target.VERSION, Result.EQUAL, { $case: "version", value: 0n });
    const { header, responses } = await client.txn({
      success: [
        op.put({ key: key("a") }),
        op.txn({
          compare: [absent],
          success: [
            op.put({ key: key("saw nothing") }),
            op.txn({ compare: [absent], failure: [op.put({ key: key("deep") })] }),
          ],
          failure: [op.put({ key: key("saw it") })],
        }),
        op.range({ key: key("a") }),
      ],
    });
    assert.deepEqual(responses.map(summary), [
      ["responsePut", header!.revision],
      ["responseTxn", 0n],
      ["responseRange", header!.revision],
    ]);
    const nested = responses[1]!.response;
    assert.ok(nested?.$case === "responseTxn");
    assert.equal(nested.value.succeeded, true);
    assert.equal((await client.range({ key: key("saw nothing") })).kvs[0]!.modRevision, header!.revision);
    assert.equal((await client.range({ key: key("saw it") })).count, 0n);
  });

  promise("a put may be undone by a delete that etcd's check does not see", async ({ client, key, end }) => {
    await client.put({ key: key("a"), value: bytes("old") });
    const { header } = await client.txn({
      success: [
        op.txn({ success: [op.put({ key: key("a") }), op.put({ key: key("b") })] }),
        op.txn({ success: [op.delete({ key: key(""), rangeEnd: end })] }),
      ],
    });
    assert.equal((await client.range({ key: key(""), rangeEnd: end })).count, 0n);
    const again = await client.put({ key: key("b") });
    assert.equal(again.header!.revision, header!.revision + 1n);
    assert.equal((await client.range({ key: key("b") })).kvs[0]!.version, 1n);
  });
});
