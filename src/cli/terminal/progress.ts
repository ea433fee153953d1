import { printable, redactText } from "../../target/redact.js";
import { isLive } from "./screen.js";
import { cut } from "./text-width.js";

/** What takes less time needs no word, in milliseconds. */
const SHORT_MS = 400;

/** Says on the terminal what is being waited for, where it takes long, and takes the line away again. Never in a pipe. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  const { stderr } = process;
  if (!isLive(stderr)) return work;
  let isShown = false;
  const timer = setTimeout(() => {
    isShown = true;
    stderr.write(cut(printable(redactText(`${what} ...`)), (stderr.columns || 80) - 1));
  }, SHORT_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (isShown) stderr.write("\r\u001b[K");
  }
}
