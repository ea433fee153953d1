import assert from "node:assert/strict";
import { test } from "node:test";
import { failingOs } from "../../../testing/failing-os.js";
import { findAccess } from "./find-access.js";
import { kubeconfigAccess } from "./kubeconfig.js";

test("a user without a home folder is told that there is no way to the cluster, and where one is looked for", async (t) => {
  failingOs(t, "homedir");
  const nowhere = { environment: {}, serviceAccount: "/nowhere" };
  await assert.rejects(findAccess(nowhere), /there is no way to a Kubernetes cluster: .* \$KUBECONFIG is not set/);
  await assert.rejects(kubeconfigAccess({ context: "shop", kubeconfig: "" }), /this user has no home folder/);
});
