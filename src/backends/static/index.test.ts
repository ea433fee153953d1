import assert from "node:assert/strict";
import { test } from "node:test";
import { staticBackend, staticDiscovery } from "./index.js";

test("the hosts of a target are its instances, each once and in their order", async () => {
  const abort = new AbortController();
  const target = { scheme: "direct", hosts: ["b:2", "10.0.0.1:1", "b:2"], service: "b:2,10.0.0.1:1,b:2", params: {} };
  const discovery = await staticBackend.discovery!(target);
  const sets = discovery.watch(target.service, { signal: abort.signal })[Symbol.asyncIterator]();
  assert.deepEqual(await sets.next(), { value: [{ address: "b:2" }, { address: "10.0.0.1:1" }], done: false });
  const second = sets.next();
  abort.abort();
  assert.equal((await second).done, true);
});

test("every watch of one discovery gets the set", async () => {
  const discovery = staticDiscovery(["a:1"]);
  const { signal } = new AbortController();
  for (let round = 0; round < 2; round++) {
    for await (const set of discovery.watch("", { signal })) {
      assert.deepEqual(set, [{ address: "a:1" }]);
      break;
    }
  }
});

test("no endpoint, and an endpoint that is no address, are refused at once", () => {
  assert.throws(() => staticDiscovery([]), /no endpoint/);
  assert.throws(() => staticDiscovery(["a:1", "b"]), /"b" is not an address/);
});
