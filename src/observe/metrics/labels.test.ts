import assert from "node:assert/strict";
import { test } from "node:test";
import { channelLabels } from "./labels.js";

const of = (service: string) => channelLabels({ scheme: "direct", hosts: [], service, params: {} });

test("a client for every address is no way to make series without end", () => {
  const targets = Array.from({ length: 3_000 }, (_, i) => of(`10.0.${i >> 8}.${i & 255}:80`).target);
  assert.equal(new Set(targets).size, 1_001);
  assert.equal(targets.at(-1), "other");
  assert.equal(of("10.0.0.1:80").target, "direct:///10.0.0.1:80", "one that is known keeps its name");
  assert.equal(of("order.rpc").service, "order.rpc");
});
