import assert from "node:assert/strict";
import { test } from "node:test";
import { setLogger } from "../log.js";
import { openTelemetry } from "./opentelemetry.js";

test("an SDK that was set by an older copy of the API hears nothing, which is told once", () => {
  const lines: string[] = [];
  const keep = (facts: object, message: string) => lines.push(`${message} ${JSON.stringify(facts)}`);
  setLogger({ debug: keep, info: keep, warn: keep, error: keep });
  assert.equal(openTelemetry(), undefined, "nobody has set any");
  Object.assign(globalThis, { [Symbol.for("opentelemetry.js.api.1")]: { version: "1.8.0", trace: {} } });
  for (let i = 0; i < 3; i++) assert.ok(openTelemetry());
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /do not reach .* older than 1\.9: run `npm install @opentelemetry\/api@1` \{"version":"1\.8\.0"\}/,
  );
});
