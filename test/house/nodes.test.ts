import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cells } from "../packaging/matrix.js";

test("every release line of Node that the documentation supports is tested by .ci/run, and with the package", () => {
  const documented = /^\| Node\.js \|.*\| (\d+) whole; unit and gRPC tests on (.*) \(`make test-nodes`\) \|$/m;
  const [, whole, others] = documented.exec(readFileSync("docs/compatibility.md", "utf8"))!;
  const lines = others!.match(/\d+/g)!;
  const { engines } = JSON.parse(readFileSync("package.json", "utf8"));
  assert.ok(engines.node.startsWith(`>=${whole}.`), "what is tested whole is the oldest that is supported");
  const run = /^test-nodes:.*\n\t@for line in ([\d ]+); do .* scripts\/test\.mjs (?:--\S+ )?(.*) \|\|/m;
  const [, tested, folders] = run.exec(readFileSync("Makefile", "utf8"))!;
  assert.deepEqual(tested!.split(" "), lines);
  // The last is for version 2 of @kubernetes/client-node, which needs Node 22.
  assert.deepEqual(folders!.split(" "), ["src/", "test/grpc", "test/kubernetes/kubeconfig"]);
  const steps = [...readFileSync(".ci/run", "utf8").matchAll(/^step (.*)$/gm)].map(([, command]) => command);
  for (const step of ["make test", "make test-nodes"]) assert.ok(steps.includes(step), step);
  for (const line of lines) {
    for (const system of ["import", "require()"]) {
      assert.ok(
        cells.some(({ name }) => name === `Node ${line}, ${system}`),
        `Node ${line}, ${system}`,
      );
    }
  }
});
