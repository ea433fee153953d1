import { printable } from "../output.js";

/** One thing that was looked at. */
export interface Check {
  /** `failed` makes the command fail; a `note` is worth knowing. */
  readonly outcome: "ok" | "failed" | "note";
  /** What was looked at, for example `etcd 10.0.0.1:2379`. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
}

const MARKS = { ok: "✓", failed: "✗", note: "!" } as const;

/** `✓ subject: message`, and on a line of its own what to do. */
export function renderCheck({ outcome, subject, message, advice }: Check): string {
  const line = `${MARKS[outcome]} ${printable(subject)}: ${printable(message)}`;
  return advice ? `${line}\n  → ${printable(advice)}` : line;
}

export const ok = (subject: string, message: string): Check => ({ outcome: "ok", subject, message });
export const note = (subject: string, message: string, advice?: string) => withAdvice("note", subject, message, advice);
export const failed = (subject: string, message: string, advice?: string) =>
  withAdvice("failed", subject, message, advice);

function withAdvice(outcome: "note" | "failed", subject: string, message: string, advice: string | undefined): Check {
  return { outcome, subject, message, ...(advice && { advice }) };
}
