import { printable, printableJson, redactText } from "../target/redact.js";
import { isSecretName } from "../target/secret-names.js";
import { HIDDEN } from "../target/secret-values.js";

/** How a command ended; anything else that is thrown is a defect of the command itself. */
export const EXIT = { ok: 0, problem: 1, usage: 2, warning: 3 } as const;

/** What keeps a command from doing its work, in one line for the operator. Ends it with exit code 1. */
export class Failure extends Error {}

/** Writes one line of results, whatever stands in it. Everything else goes to standard error. */
export function print(line: string): void {
  printShown(shown(line));
}

/** Writes lines that are fit to be printed already, because they may have colours. */
export function printShown(lines: string): void {
  process.stdout.write(`${lines}\n`);
}

export function printError(line: string): void {
  process.stderr.write(`${shown(line)}\n`);
}

/** Data as JSON on a line of its own. */
export function printJson(data: unknown): void {
  printShown(toJson(data));
}

/** Data as JSON on one line; int64 numbers become text, because JSON's readers would round them. Secrets are hidden. */
export function toJson(data: unknown): string {
  return printableJson(withoutSecrets(data));
}

/** A word for the shell, quoted where it needs to be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `3 instances`, `1 instance`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A reader that has gone away (`rollcall ls | head -1`) is no error; a full disk is. */
export function endWithReader(): void {
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    printError(`rollcall: the output cannot be written: ${error.message}`);
    process.exit(EXIT.problem);
  });
}

/** A line as it may be printed: without secrets, and without what steers a terminal or would begin another line. */
export function shown(line: string): string {
  return printable(redactText(line));
}

/**
 * `name=value` of each, for a line of text. Each value is redacted by itself, because a line of several does not show where one
 * of them ends.
 */
export function shownMetadata(metadata: Readonly<Record<string, string>>): string[] {
  return Object.entries(metadata).map(([name, value]) => `${name}=${isSecretName(name) ? HIDDEN : redactText(value)}`);
}

/** @param isSecret it stands under the name of a secret */
function withoutSecrets(data: unknown, isSecret = false): unknown {
  if (typeof data === "string") return isSecret ? HIDDEN : redactText(data);
  if (Array.isArray(data)) return data.map((one) => withoutSecrets(one, isSecret));
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, withoutSecrets(value, isSecret || isSecretName(name))]),
  );
}
