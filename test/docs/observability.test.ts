import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { GAUGES } from "../../src/observe/metrics/gauges.js";
import { CallMetrics } from "../../src/observe/metrics/prometheus-calls.js";

const page = readFileSync(new URL("../../docs/observability.md", import.meta.url), "utf8");

/** The cells of each row below this head. */
function rowsOf(head: string): string[][] {
  const [, below = ""] = page.split(`| ${head} |\n`);
  const table = /^\|.*\n((?:\|.*\n)+)/.exec(below)?.[1] ?? "";
  return table
    .trimEnd()
    .split("\n")
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const quoted = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

test("every metric of Rollcall's own stands on the page with its unit and labels, and no other", () => {
  const told = rowsOf("name | unit | labels |").map(([name, unit, labels]) => [quoted(name), unit, quoted(labels)]);
  const there = GAUGES.map(({ name, unit, counts = false, labels }) => {
    return [[name], counts ? "count" : unit === "s" ? "s" : "", [...labels]];
  });
  assert.deepEqual(told.sort(), there.sort());
});

test("every metric of single calls stands on the page with its attributes, and no other", () => {
  const calls = new CallMetrics();
  const channel = { service: "order.rpc", target: "etcd:///h:2379?key=order.rpc" };
  calls.attemptStarted(channel, "a.B/C");
  calls.attemptEnded(channel, "a.B/C", 0, 1, 1, 1);
  calls.callEnded(channel, "a.B/C", 0, 1, { retries: 1, hedges: 1 });
  calls.serverStarted("a.B/C");
  calls.serverEnded("a.B/C", 0, 1, 0, 0);
  const there = [...calls.counters, ...calls.histograms].map(({ name, read }) => {
    const [first] = read();
    return [name, Object.keys(first!.labels).map((label) => label.replace("_", "."))];
  });
  const told = rowsOf("OpenTelemetry | Prometheus | attributes").map(([openTelemetry, prometheus, attributes]) => {
    const [[own], [name]] = [quoted(openTelemetry), quoted(prometheus)];
    assert.equal(name!.replace(/_(?:total|seconds|bytes)$/, ""), own!.replaceAll(".", "_"));
    return [name, quoted(attributes)];
  });
  const isGoZeros = ([name]: (typeof there)[number]) => (name as string).startsWith("rpc_");
  assert.deepEqual(told.sort(), there.filter((one) => !isGoZeros(one)).sort());
  for (const [name] of there.filter(isGoZeros)) assert.ok(page.includes(`\`${name}\``), `the page has ${name}`);
});

test("the program that sends spans without a server runs as it stands on the page", async (t) => {
  const [, program = ""] = /^```ts\n(import \{ loadConfig.*?)^```/ms.exec(page) ?? [];
  mkdirSync(".cache", { recursive: true });
  // Inside the checkout, where its node_modules and tsconfig.json are found.
  const folder = mkdtempSync(join(".cache", "observability-page-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "etc"));
  writeFileSync(
    join(folder, "etc/job.yaml"),
    "Telemetry: { Endpoint: spans.json, Batcher: file }\nOrderRpc: { Endpoints: ['127.0.0.1:1'] }\n",
  );
  writeFileSync(join(folder, "job.ts"), program);
  const { stderr } = await promisify(execFile)(process.execPath, ["--import", "tsx", "job.ts"], {
    cwd: folder,
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "info" },
    timeout: 60_000,
  });
  assert.match(stderr, /"server":"job".*"Telemetry: spans are sent"/);
});
