import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkSnapshot } from "./snapshot-file.js";
import { defaultDir } from "./snapshots.js";

/** A snapshot on disk, as an operator wants to know it. */
export interface ListedSnapshot {
  readonly file: string;
  /** Undefined where the file cannot be read; `problem` then says why. */
  readonly scheme?: string;
  readonly service?: string;
  /** Addresses of its instances. */
  readonly instances?: readonly string[];
  /** When the registry said so, in milliseconds since the epoch. */
  readonly at?: number;
  readonly problem?: string;
}

/**
 * The snapshots in a folder, by service. A folder that is not there has none.
 * @param dir default `$ROLLCALL_SNAPSHOT_DIR`, then the user's cache folder.
 * @throws Error when the folder cannot be read.
 */
export async function listSnapshots(dir: string = defaultDir()): Promise<ListedSnapshot[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new Error(`the folder of snapshots ${dir} cannot be read: ${error.code ?? error.message}`, { cause: error });
  });
  const files = names.filter((name) => name.endsWith(".snapshot")).map((name) => join(dir, name));
  const found = await Promise.all(files.map(readListed));
  return found.sort((a, b) => (a.service ?? "").localeCompare(b.service ?? "") || (a.file < b.file ? -1 : 1));
}

async function readListed(file: string): Promise<ListedSnapshot> {
  try {
    if (!(await stat(file)).isFile()) throw new Error("it is no file");
    const { scheme, service, at, instances } = checkSnapshot(await readFile(file, "utf8"));
    return { file, scheme, service, at, instances: instances.map(({ instance }) => instance.address) };
  } catch (error) {
    return { file, problem: (error as Error).message };
  }
}
