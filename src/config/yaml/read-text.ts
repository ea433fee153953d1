import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { ConfigError } from "../config-error.js";

/** @throws ConfigError when the file's type is not known, or it cannot be read as text. */
export async function readConfigText(name: string): Promise<string> {
  const fail = (message: string, cause?: unknown): never => {
    throw new ConfigError(name, [{ key: "", message }], { cause });
  };
  if (!/^\.(ya?ml|json)$/i.test(extname(name))) fail("is no file type known here; expected .yaml, .yml or .json");
  const bytes = await readFile(name).catch((error: NodeJS.ErrnoException) => {
    const where = resolve(name) === name ? "" : ` (looked for ${resolve(name)})`;
    if (error.code === "ENOENT") return fail(`does not exist${where}`, error);
    if (error.code === "EISDIR") return fail(`is a folder${where}`, error);
    return fail(`cannot be read: ${error.message}`, error);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    return fail("is not UTF-8 text", error);
  }
}
