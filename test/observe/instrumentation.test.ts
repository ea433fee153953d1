import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TYPESCRIPT } from "../support/typescript.js";

interface Told {
  readonly answers: string[];
  readonly spans: { readonly name: string; readonly kind: string; readonly attributes: Record<string, unknown> }[];
}

test("with @opentelemetry/instrumentation-grpc a call has exactly one CLIENT and one SERVER span, which name the instance", async () => {
  const program = fileURLToPath(new URL("instrumentation-program.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...TYPESCRIPT, program], { timeout: 60_000 });
  const { answers, spans } = JSON.parse(stdout.trim().split("\n").at(-1)!) as Told;
  const of = (kind: string) => spans.filter((span) => span.kind === kind && /test\.Echo\/Say/.test(span.name));
  assert.equal(answers.length, 10);
  assert.equal(of("SERVER").length, 10);
  const clientSpans = of("CLIENT");
  assert.equal(clientSpans.length, 10);
  assert.ok(
    clientSpans.every(({ name }) => name.startsWith("grpc.")),
    "they are the instrumentation's",
  );
  const peers = clientSpans.map(({ attributes }) => attributes["peer.address"]);
  assert.deepEqual(peers, answers);
});
