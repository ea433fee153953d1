/** The kinds of values that Rollcall's configuration is made of. Messages say what is expected; the loader adds the rest. */
import { z } from "zod";
import { parseAddress } from "../address.js";
import { textExpected } from "./describe-issue.js";
import { parseGoDuration } from "./go-duration.js";

/** The longest wait a Node.js timer can hold, in milliseconds (about 24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Text that must be there and not be empty. */
export function text(expected: string) {
  return z.string({ error: textExpected(expected) }).min(1, { error: `is empty; expected ${expected}` });
}

/** Text that may be missing; empty text counts as missing, as it does for go-zero. */
export function optionalText(expected: string) {
  return z
    .string({ error: textExpected(expected) })
    .transform((value) => value || undefined)
    .optional();
}

/** Text that is not empty and that a function must be able to read; the function's TypeError says what is wrong. */
export function readable(read: (text: string) => unknown, expected: string) {
  return z.string({ error: `expected ${expected}` }).superRefine((value, context) => {
    if (value === "") return context.addIssue({ code: "custom", message: `is empty; expected ${expected}` });
    try {
      read(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  });
}

/** `host:port`. */
export const address = readable(parseAddress, "host:port, for example 10.0.0.1:8080");

/** A switch. YAML 1.1's words (yes, no, on, off, y, n), which go-zero's YAML library takes for booleans, are understood. */
export function flag(byDefault: boolean) {
  return z
    .preprocess(
      (value) =>
        typeof value === "string" && /^(y|n|yes|no|on|off)$/i.test(value) ? /^(y|yes|on)$/i.test(value) : value,
      z.boolean({ error: "expected true or false" }),
    )
    .default(byDefault);
}

/** Whole milliseconds, 0 and more. */
export function milliseconds() {
  const error = "expected whole milliseconds, 0 for none";
  return z
    .number({ error })
    .int({ error })
    .min(0, { error })
    .max(LONGEST_TIMER_MS, {
      error: `expected at most ${LONGEST_TIMER_MS} milliseconds (24.8 days)`,
    });
}

/** A Go duration ("20s"), 0 and more. Read into milliseconds, which may have a fraction. */
export function goDuration() {
  return z.string({ error: "expected a Go duration, for example 20s, 1m30s or 500ms" }).transform((value, context) => {
    try {
      const ms = Number(parseGoDuration(value)) / 1e6;
      if (ms >= 0 && ms <= LONGEST_TIMER_MS) return ms;
      context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not between 0s and 24.8 days` });
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
    return z.NEVER;
  });
}
