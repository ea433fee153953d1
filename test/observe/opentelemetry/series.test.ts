import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "../../../src/index.js";
import { EchoClient, EchoService, say } from "../../support/echo.js";
import { measured, registry } from "./measured.js";

test("1,000 instances that join and leave leave no more series than there were", async () => {
  const url = registry.target("churning.rpc");
  const client = createClient(EchoClient, { Target: url, Timeout: 50 });
  for (let round = 0; round < 20; round++) {
    registry.list(
      "churning.rpc",
      Array.from({ length: 50 }, (_, i) => `127.9.${round}.${i + 1}:9`),
    );
    await say(client).catch(() => {});
  }
  const series = (await measured()).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
  assert.ok(series < 120, `${series} series`);
  client.close();
});

test("the path of a method is no way to make series without end", async () => {
  const { methodLabel } = await import("../../../src/observe/metrics/labels.js");
  const labels = new Set(Array.from({ length: 3_000 }, (_, i) => methodLabel(`/proxied.Svc/M${i}`)));
  assert.ok(labels.size <= 1_001);
  assert.ok(labels.has("other"));
  assert.equal(methodLabel(EchoService.say.path), "test.Echo/Say", "one that is known keeps its name");
});
