import { types } from "node:util";

/** Of another realm as well: in a test of Jest, those that Node itself makes are. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The message of whatever was thrown. Connecting to a name with several addresses fails with one error for each. */
export function messageOf(thrown: unknown): string {
  if (!isError(thrown)) return String(thrown);
  if (thrown.message === "" && "errors" in thrown && Array.isArray(thrown.errors)) {
    return thrown.errors.map(messageOf).join("; ");
  }
  return thrown.message;
}
