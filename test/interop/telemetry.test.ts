import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startTelemetry } from "../../src/index.js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { startCollector } from "../support/real-parts/otlp-collector.js";
import { until } from "../support/until.js";
import { say } from "./echo.js";
import { fleet } from "./fleet.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 120_000 };
const METHOD = "rollcall.interop.v1.Echo/Say";

for (const batcher of ["otlpgrpc", "otlphttp"] as const) {
  test(
    `Telemetry by ${batcher}: one collector gets one trace of a Node client and a Go server, each with its name`,
    options,
    async (t) => {
      const collector = await startCollector(t, batcher);
      const section = (name: string) =>
        `Telemetry: { Name: ${name}, Endpoint: "${collector.address}", Batcher: ${batcher}, OtlpHeaders: { x-tenant: blue } }`;
      const { serverProcess, nodeClient, server } = await fleet(t);
      const go = await serverProcess("go-zero", section("go"));
      const telemetry = await startTelemetry({
        Name: "node",
        Endpoint: collector.address,
        Batcher: batcher,
        OtlpHeaders: { "x-tenant": "blue" },
      });
      const client = await nodeClient();
      await say(client);
      await until(() => collector.spans.some(({ service }) => service === "go"), "the spans of the Go server arrive");
      await telemetry!.close();
      const [called, served] = ["node", "go"].map((name) => collector.spans.find(({ service }) => service === name)!);
      assert.deepEqual([called!.name, called!.kind], [METHOD, "CLIENT"]);
      assert.deepEqual([served!.name, served!.kind], [METHOD, "SERVER"]);
      assert.deepEqual([served!.traceId, served!.parentId], [called!.traceId, called!.spanId]);
      assert.deepEqual(new Set(collector.headers.map((headers) => headers["x-tenant"])), new Set(["blue"]));
      if (batcher === "otlphttp") assert.deepEqual(new Set(collector.paths), new Set(["/v1/traces"]));
      await go.stop();

      // The same section starts the same of a Node server.
      const before = collector.spans.length;
      const node = await server(section("node-server"));
      await until(async () => {
        const answered = await say(client).catch(() => undefined);
        return answered?.instance === node.address;
      }, "the Node server is called");
      await node.stop();
      const later = collector.spans.slice(before);
      assert.ok(
        later.some(({ service, name, kind }) => service === "node-server" && name === METHOD && kind === "SERVER"),
      );
    },
  );
}

test("Batcher file: both write lines of the same form", options, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-spans-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { serverProcess, gozeroClient } = await fleet(t);
  const spans = new Map<string, object>();
  for (const kind of ["go-zero", "Rollcall"] as const) {
    const path = join(folder, `${kind}.json`);
    const serving = await serverProcess(kind, `Telemetry: { Batcher: file, Endpoint: ${path} }`);
    await gozeroClient("", "-calls", "1").next();
    await serving.stop();
    const [line = ""] = readFileSync(path, "utf8").split("\n");
    spans.set(kind, JSON.parse(line) as object);
  }
  const [theirs, ours] = [spans.get("go-zero")!, spans.get("Rollcall")!].map(shapeOf);
  assert.deepEqual(ours, theirs);
});

/** A span with the types of what it holds; lists, whose items differ, as whether there is an item with what keys. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return "list";
  if (value === null) return "list";
  if (typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}
