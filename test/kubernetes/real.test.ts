import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleManifests } from "./example-manifests.js";
import { realCluster, realClusterSkipReason } from "./real-cluster.js";
import { scenarios } from "./scenarios.js";

const skip = realClusterSkipReason();

scenarios("kube-apiserver", realCluster, skip);

test("the API server accepts every manifest of the examples, and would not accept a misspelt one", {
  skip,
}, async () => {
  const cluster = await realCluster();
  try {
    for (const manifest of exampleManifests()) await cluster.check(manifest);
    const deployment = exampleManifests().find((manifest) => manifest.kind === "Deployment")!;
    const misspelt = { ...deployment, spec: { ...deployment.spec, replica: 3 } };
    await assert.rejects(cluster.check(misspelt), /replica/);
  } finally {
    await cluster.close();
  }
});
