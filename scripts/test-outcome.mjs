// A reporter for Node's test runner, as JSON: how many tests passed and failed, which were skipped for what reason, how long each file took.
import { relative } from "node:path";

export default async function* outcome(events) {
  const counts = { passed: 0, failed: 0 };
  const skipped = [];
  const tookMs = {};
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const file = relative(process.cwd(), data.file ?? "");
    if (data.nesting === 0) tookMs[file] = (tookMs[file] ?? 0) + (data.details?.duration_ms ?? 0);
    if (data.details?.type === "suite") continue;
    if (data.skip !== undefined) {
      skipped.push({ name: data.name, file, reason: typeof data.skip === "string" ? data.skip : "no reason given" });
    } else if (type === "test:pass") counts.passed += 1;
    else counts.failed += 1;
  }
  yield JSON.stringify({ ...counts, skipped, tookMs });
}
