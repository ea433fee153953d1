/** How a command ended; anything else that is thrown is a defect of the command itself. */
export const EXIT = { ok: 0, problem: 1, usage: 2 } as const;

/** What keeps a command from doing its work, in one line for the operator. Ends it with exit code 1. */
export class Failure extends Error {}

/** Writes a line of results. Everything else goes to standard error. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Data as JSON on one line; int64 numbers become text, because JSON's readers would round them. */
export function toJson(data: unknown): string {
  return JSON.stringify(data, (_key, value) => (typeof value === "bigint" ? String(value) : value));
}

/** Text from outside, with what could steer a terminal (escape sequences, line breaks) made visible. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A reader that has gone away (`rollcall ls | head -1`) is no error. */
export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(EXIT.ok);
  });
}

/** `3 instances`, `1 instance`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
