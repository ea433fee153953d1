// A reporter for Node's test runner: how many tests passed and failed, and which were skipped for what reason, as JSON.
import { relative } from "node:path";

export default async function* outcome(events) {
  const counts = { passed: 0, failed: 0 };
  const skipped = [];
  for await (const { type, data } of events) {
    if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite") continue;
    if (data.skip !== undefined) {
      const file = relative(process.cwd(), data.file ?? "");
      skipped.push({ name: data.name, file, reason: typeof data.skip === "string" ? data.skip : "no reason given" });
    } else if (type === "test:pass") counts.passed += 1;
    else counts.failed += 1;
  }
  yield JSON.stringify({ ...counts, skipped });
}
