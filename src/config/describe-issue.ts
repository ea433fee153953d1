import type { z } from "zod";
import { quote } from "../address.js";
import { isSecretName } from "../target/secret-names.js";

const FORMS: Readonly<Record<string, string>> = {
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "keys with values",
  record: "keys with values",
  array: 'a list (lines beginning with "- ")',
};

/** Says that text is expected; a number or a switch in its place only lacks the quotes. */
export function textExpected(expected: string): (issue: z.core.$ZodRawIssue) => string {
  return ({ input }) => {
    const bare = typeof input === "number" || typeof input === "bigint" || typeof input === "boolean";
    return `expected ${expected}${bare ? " (put it in quotes)" : ""}`;
  };
}

/** What a schema without words of its own expects; undefined where zod's own words do. */
export function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_value") return `expected ${issue.values.map(String).join(" or ")}`;
  if (issue.code !== "invalid_type") return undefined;
  return issue.expected === "string"
    ? textExpected("text")(issue)
    : `expected ${FORMS[issue.expected] ?? issue.expected}`;
}

/**
 * A schema's complaint in words: what is there, and what is expected.
 * @param value what stands at the issue's path
 */
export function describeIssue({ code, path, message }: z.core.$ZodIssue, value: unknown): string {
  // Checks of our own quote what they need to.
  if (code === "custom" || message.startsWith("is ")) return message;
  if (value === undefined) return `is missing; ${message}`;
  if (value === null) return `is empty; ${message}`;
  return `${message}, got ${path.some((part) => isSecretName(String(part))) ? `a ${typeof value} (not shown)` : show(value)}`;
}

/** What stands at a path. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[part] : undefined,
    value,
  );
}

function show(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "keys with values" : String(value);
}
