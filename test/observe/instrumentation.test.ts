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

/** What a program with the instrumentation tells. @param propagator how the trace goes from client to server. */
async function told(propagator: "w3c" | "b3") {
  const program = fileURLToPath(new URL("instrumentation-program.ts", import.meta.url));
  const run = promisify(execFile)(process.execPath, [...TYPESCRIPT, program, propagator], { timeout: 60_000 });
  const { answers, spans } = JSON.parse((await run).stdout.trim().split("\n").at(-1)!) as Told;
  return {
    answers,
    of: (kind: string) => spans.filter((span) => span.kind === kind && /test\.Echo\/Say/.test(span.name)),
  };
}

for (const propagator of ["w3c", "b3"] as const) {
  test(`with @opentelemetry/instrumentation-grpc and ${propagator} headers a call has exactly one CLIENT and one SERVER span`, async () => {
    const { answers, of } = await told(propagator);
    assert.equal(answers.length, 15);
    assert.equal(of("SERVER").length, 15);
    const clientSpans = of("CLIENT");
    assert.equal(clientSpans.length, 15);
    assert.ok(
      clientSpans.every(({ name }) => name.startsWith("grpc.")),
      "they are the instrumentation's",
    );
    // The last five calls are of grpc-js' own policy, which does not tell where they go.
    const peers = clientSpans.slice(0, 10).map(({ attributes }) => attributes["peer.address"]);
    assert.deepEqual(peers, answers.slice(0, 10), "they name the instance");
  });
}
