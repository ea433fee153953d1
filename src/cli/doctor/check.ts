import { printable, redactText } from "../../target/redact.js";
import { messageOf } from "../../thrown.js";
import type { Paint } from "../terminal/style.js";

/** One thing that was looked at. */
export interface Check {
  /** `failed` ends the command with 1; a `warning` with 3 when nothing failed; a `note` is worth knowing. */
  readonly outcome: "ok" | "failed" | "warning" | "note";
  /** What was looked at, for example `etcd 10.0.0.1:2379`. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
}

const MARKS = { ok: "✓", failed: "✗", warning: "!", note: "·" } as const;
const STYLES = { ok: "green", failed: "red", warning: "yellow", note: "dim" } as const;

/** `✓ subject: message`, and on a line of its own what to do. */
export function renderCheck({ outcome, subject, message, advice }: Check, paint: Paint): string {
  const text = (given: string) => printable(redactText(given));
  const line = `${paint(MARKS[outcome], STYLES[outcome])} ${text(subject)}: ${text(message)}`;
  return advice ? `${line}\n  → ${text(advice)}` : line;
}

export const ok = (subject: string, message: string): Check => ({ outcome: "ok", subject, message });
export const note = (subject: string, message: string, advice?: string) => withAdvice("note", subject, message, advice);
export const warning = (subject: string, message: string, advice?: string) =>
  withAdvice("warning", subject, message, advice);
export const failed = (subject: string, message: string, advice?: string) =>
  withAdvice("failed", subject, message, advice);

/** Checks, and one more that failed where they end with an error that nobody expected: others are made all the same. */
export async function* orFailed(subject: string, checks: AsyncIterable<Check>): AsyncGenerator<Check> {
  try {
    yield* checks;
  } catch (error) {
    yield failed(subject, `cannot be examined: ${messageOf(error)}`, "report this as a fault of Rollcall's");
  }
}

function withAdvice(
  outcome: "note" | "warning" | "failed",
  subject: string,
  message: string,
  advice: string | undefined,
): Check {
  return { outcome, subject, message, ...(advice && { advice }) };
}
