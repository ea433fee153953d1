import { beginningOf, printable, redactText } from "./target/redact.js";
import { isSecretName } from "./target/secret-names.js";
import { isError } from "./thrown.js";

/** Deeper, longer and wider facts are cut: a log line is no dump. */
const MOST_LEVELS = 4;
const MOST_ITEMS = 100;
const MOST_CHARS = 4_096;

/** Facts as they may be logged: secrets hidden, text that steers a terminal made visible, cut where they are large. Never throws. */
export function presentable(facts: object): Record<string, unknown> {
  try {
    return fields(facts, 0);
  } catch (error) {
    return { facts: `cannot be shown: ${presentableText(String(error))}` };
  }
}

function fields(of: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(of).filter(([, value]) => value !== undefined && typeof value !== "function");
  return Object.fromEntries(
    entries.slice(0, MOST_ITEMS).map(([name, value]) => {
      return [printable(name), isSecretName(name) ? "..." : shown(value, depth + 1)];
    }),
  );
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === "string") return presentableText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "symbol" || typeof value === "function") return presentableText(String(value));
  if (typeof value !== "object" || value === null) return value;
  if (depth > MOST_LEVELS) return "...";
  if (isError(value)) return error(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Map || value instanceof Set) return shown([...value], depth);
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => shown(item, depth + 1));
  return fields(value, depth);
}

/** The error itself where nothing of it is to be hidden, else an Error that says the rest. */
function error(given: Error, depth: number): Error {
  const message = presentableText(String(given.message));
  const stack = String(given.stack ?? "")
    .split("\n")
    .map(presentableText)
    .join("\n");
  const own = fields(given, depth);
  const cause = given.cause === undefined ? undefined : shown(given.cause, depth + 1);
  const same = Object.entries(own).every(
    ([name, value]) => (given as unknown as Record<string, unknown>)[name] === value,
  );
  if (message === given.message && stack === given.stack && same && cause === given.cause) return given;
  const copy = new Error(message, cause === undefined ? undefined : { cause });
  return Object.defineProperty(Object.assign(copy, own, { name: printable(String(given.name)) }), "stack", {
    value: stack,
  });
}

/** Text as it may be logged. Of a long one only the beginning is looked at. */
export function presentableText(text: string): string {
  const beginning = beginningOf(text, 2 * MOST_CHARS);
  const shown = printable(redactText(beginning));
  const whole = beginning.length === text.length && shown.length <= MOST_CHARS;
  return whole ? shown : `${shown.slice(0, MOST_CHARS)}...`;
}
