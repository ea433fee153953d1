import type { Failure, LoadReport } from "./processes/load.js";

/** A load's report on one line. */
export function inWords({ calls, total, failures, slowestMs, seconds: duration, heldBack }: LoadReport): string {
  const why = failures.length > 0 ? ` (${reasons(failures)})` : "";
  const kinds = `${calls.unary} unary, ${calls["server streaming"]} server streaming, ${calls.bidirectional} bidirectional`;
  const held = heldBack > 0 ? `, held back ${heldBack} times` : "";
  return (
    `${total} calls (${kinds}) at ${Math.round(total / duration)}/s, ${failures.length} failed${why}, ` +
    `slowest ${Math.round(slowestMs)} ms${held}`
  );
}

/** How many calls failed for which reason; numbers and addresses in a reason are left out, so that like meets like. */
export function reasons(failures: readonly Failure[]): string {
  const counts = new Map<string, number>();
  for (const { code, details } of failures) {
    const reason = `${code}: ${details.slice(0, 120).replace(/\d[\d.:]*/g, "#")}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join("; ");
}
