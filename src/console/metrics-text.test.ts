import assert from "node:assert/strict";
import { test } from "node:test";
import { samplesOf } from "./metrics-text.js";

test("samples are read with their labels, escapes included, and what is none is left out", () => {
  const text = `# HELP a Things
# TYPE a counter
a{service="order.rpc",odd="q\\"u\\\\o\\nte}"} 12 1700000000
a 3.5e2
b{x="1"} 7
a{service="x"} NaN
a{service="broken"
not a line
`;
  const found = samplesOf(text, new Set(["a"]));
  assert.deepEqual(
    found.map(({ labels, value }) => [labels.service, labels.odd, value]),
    [
      ["order.rpc", 'q"u\\o\nte}', 12],
      [undefined, undefined, 350],
    ],
  );
  assert.deepEqual(samplesOf("", new Set(["a"])), []);
});
