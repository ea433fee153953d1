/** The kinds of values that Rollcall's configuration is made of. Messages say what is expected; the loader adds the rest. */
import { z } from "zod";
import { parseAddress } from "../../address.js";
import { listItems } from "../../target/forms.js";
import { textExpected } from "../describe-issue.js";
import { parseGoDuration } from "./go-duration.js";

/**
 * How values are written: in a file as YAML has them (durations as text, `20s`), in code as the loaded configuration has
 * them (durations as milliseconds). Everything else about a key is the same for both.
 */
export type Notation = "file" | "code";

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

/** `host:port`; go-zero joins its endpoints with commas, so one item may hold several. */
const address = readable(
  (text) => listItems(text).forEach((item) => void parseAddress(item)),
  "host:port, for example 10.0.0.1:8080",
);

/** A list of `host:port`. */
export function addresses() {
  return z
    .array(address, { error: 'expected a list of addresses, host:port each (lines beginning with "- ")' })
    .transform((items) => items.flatMap(listItems));
}

/** A switch. In files YAML 1.1's words (yes, no, on, off, y, n) are booleans too, as go-zero's YAML library has them. */
export function flag(byDefault: boolean) {
  return z.boolean({ error: "expected true or false" }).default(byDefault);
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

/** A duration, 0 and more: Go's notation in a file ("20s"), milliseconds in code. Read into milliseconds, which may have a fraction. */
export function duration(notation: Notation): z.ZodType<number> {
  if (notation === "file") return goDuration();
  const error = "expected milliseconds, 0 and more";
  return z.number({ error }).min(0, { error }).max(LONGEST_TIMER_MS, { error: "expected at most 24.8 days" });
}

function goDuration() {
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

/** A TCP port that is listened on; 0 is any free one. */
export function listenPort() {
  const error = "expected a port, 0 to 65535";
  return z.int({ error }).min(0, { error }).max(65_535, { error });
}

/** The path of a URL. */
export function urlPath() {
  return z.string({ error: textExpected("a path, for example /metrics") }).regex(/^\//, {
    error: "expected a path that begins with /, for example /metrics",
  });
}
