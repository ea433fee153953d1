/** The tests of kubeconfigs once more, with version 2 of @kubernetes/client-node in the place of version 1. */
import assert from "node:assert/strict";
import { register } from "node:module";
import { test } from "node:test";

const NAME = "version 2 of @kubernetes/client-node reads kubeconfigs as version 1 does";

if (Number.parseInt(process.versions.node, 10) < 22) {
  test(NAME, { skip: "it needs Node 22: make test-nodes" }, () => {});
} else {
  register(
    `data:text/javascript,${encodeURIComponent(`
      export function resolve(name, context, next) {
        return next(name === "@kubernetes/client-node" ? "kubernetes-client-node-2" : name, context);
      }
    `)}`,
  );
  test(NAME, async () => {
    const { default: description } = await import("kubernetes-client-node-2/package.json", { with: { type: "json" } });
    assert.match(description.version, /^2\./);
    assert.equal(await import("@kubernetes/client-node"), await import("kubernetes-client-node-2"));
  });
  await import("./kubeconfig.test.js");
}
