// A reporter for Node's test runner: how many tests passed, which failed, and which were skipped for what reason, as JSON.
import { relative } from "node:path";

export default async function* outcome(events) {
  let passed = 0;
  const failures = [];
  const skipped = [];
  for await (const { type, data } of events) {
    if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite") continue;
    if (data.skip !== undefined) {
      const file = relative(process.cwd(), data.file ?? "");
      skipped.push({ name: data.name, file, reason: typeof data.skip === "string" ? data.skip : "no reason given" });
    } else if (type === "test:pass") passed += 1;
    else failures.push(data.name);
  }
  yield JSON.stringify({ passed, failed: failures.length, failures, skipped });
}
