import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { detached } from "../async/detached.js";
import { SNAPSHOT_DEFAULTS } from "../defaults.js";
import { homeFolder } from "../home-folder.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import { type KnownSet, type LastKnownSets, remembered } from "./last-known.js";
import { fileNameOf, readSnapshot, writeSnapshot } from "./snapshot-file.js";

/** Changes within this time are written once, in milliseconds. */
const COALESCE_MS = 1_000;
/** More files than this, and the oldest go. */
const MOST_FILES = 512;
/** So many files are written until the folder is looked at again. */
const TIDY_AFTER = 64;
/** A larger set is not written: 8 MB hold about 40,000 instances. */
const MOST_BYTES = 8 * 2 ** 20;
/** Stands for the name of a file where it is the folder that is made, and tidied. */
const MAKING = "making";
const TIDYING = "tidying";
/** A file that was being written when its process died, in milliseconds. */
const LEFT_OVER_MS = 60_000;

export interface SnapshotOptions {
  /** Folder of the files, made if need be, with mode 0700. Default `$ROLLCALL_SNAPSHOT_DIR`, then the user's cache folder. */
  readonly dir?: string | undefined;
  /** Older snapshots are not used, in milliseconds. Default 7 days. */
  readonly maxAgeMs?: number | undefined;
}

/**
 * The last known sets of targets on disk, for a client that is started while its registry is away. In front of it stands what
 * this process remembers. Files are replaced as a whole (written beside, flushed, renamed), so that a process killed at any
 * moment leaves a readable one, and processes of one host may share a folder: the last to write wins.
 */
export class Snapshots implements LastKnownSets {
  readonly dir: string;
  readonly #maxAgeMs: number;
  readonly #waiting = new Map<string, { target: Target; set: KnownSet }>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** The write that begins when the present one is over. */
  #next: Promise<void> | undefined;
  #tidied = false;
  /** Files written since. */
  #written = 0;
  /** What went wrong, by the names of the files, so that it is said once. */
  readonly #troubles = new Map<string, string>();

  constructor({ dir = defaultDir(), maxAgeMs = SNAPSHOT_DEFAULTS.MaxAge }: SnapshotOptions = {}) {
    this.dir = dir;
    this.#maxAgeMs = maxAgeMs;
  }

  async find(target: Target): Promise<KnownSet | undefined> {
    return (await remembered.find(target)) ?? (await this.read(target));
  }

  keep(target: Target, set: KnownSet): void {
    remembered.keep(target, set);
    // Nobody is no start: what was known before is more likely to help.
    if (set.instances.length === 0) return;
    this.#waiting.set(fileNameOf(target), { target, set });
    // The first at once: a process may be short-lived.
    const ms = this.#tidied ? COALESCE_MS : 20;
    this.#timer ??= detached(() => setTimeout(() => void this.flush(), ms)).unref();
  }

  /** The snapshot of a target; undefined where there is none that may be used. Never rejects. */
  async read(target: Target): Promise<KnownSet | undefined> {
    const file = join(this.dir, fileNameOf(target));
    try {
      const found = await stat(file);
      const { uid, mode, size } = found;
      if (!found.isFile()) throw new Error("it is no file");
      const own = process.getuid?.();
      if (own !== undefined && (uid !== own || (mode & 0o022) !== 0)) throw new Error("others may have written it");
      if (size > 2 * MOST_BYTES) throw new Error("it is too large");
      const known = readSnapshot(await readFile(file, "utf8"), target);
      const ageMs = Date.now() - known.at;
      if (ageMs > this.#maxAgeMs) throw new Error(`it is older than ${Math.round(this.#maxAgeMs / 1000)} s`);
      return known;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      const why = (error as Error).message;
      log.warn(
        { service: target.service, file },
        `the snapshot of ${JSON.stringify(target.service)} is not used: ${why}`,
      );
      return undefined;
    }
  }

  /** Writes what waits. Never rejects; what cannot be written is said once. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // On a disk that hangs everything waits for one more write, which takes what is newest by then.
    if (this.#next) return this.#next;
    this.#next = this.#writing.then(() => {
      this.#next = undefined;
      return this.#write();
    });
    this.#writing = this.#next;
    return this.#next;
  }

  /** Each file on its own: one that cannot be written keeps no other from it. */
  async #write(): Promise<void> {
    const due = [...this.#waiting];
    this.#waiting.clear();
    if (!(await this.#attempt(MAKING, () => mkdir(this.dir, { recursive: true, mode: 0o700 })))) return;
    for (const [name, { target, set }] of due) {
      await this.#attempt(name, () => {
        const text = writeSnapshot(target, set);
        if (Buffer.byteLength(text) <= MOST_BYTES) return replace(join(this.dir, name), text);
        throw new Error(`the set of ${JSON.stringify(target.service)} is too large`);
      });
      this.#written += 1;
    }
    if (this.#tidied && this.#written < TIDY_AFTER) return;
    this.#tidied = true;
    this.#written = 0;
    await this.#attempt(TIDYING, () => this.#tidy());
  }

  /** Takes out what dead processes have left, and the oldest of too many. */
  async #tidy(): Promise<void> {
    const entries = await Promise.all(
      (await readdir(this.dir)).map(async (name) => {
        const found = await stat(join(this.dir, name)).catch(() => undefined);
        return { name, at: found?.mtimeMs ?? Date.now() };
      }),
    );
    let failed: unknown;
    const old = entries.filter(({ name, at }) => name.endsWith(".tmp") && Date.now() - at > LEFT_OVER_MS);
    const files = entries.filter(({ name }) => name.endsWith(".snapshot")).sort((a, b) => b.at - a.at);
    for (const { name } of [...old, ...files.slice(MOST_FILES)]) {
      await rm(join(this.dir, name), { force: true }).catch((error) => {
        failed ??= error;
      });
    }
    if (failed) throw failed;
  }

  /** Does something to the file of this name, or to the folder, and says whether that went well. */
  async #attempt(name: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.#troubles.delete(name);
      return true;
    } catch (error) {
      const trouble = troubleOf(name, error as NodeJS.ErrnoException);
      const isNew = ![...this.#troubles.values()].includes(trouble);
      // Targets that are made up as it goes fill no memory.
      if (this.#troubles.size >= MOST_FILES) this.#troubles.clear();
      this.#troubles.set(name, trouble);
      const isFile = name !== MAKING && name !== TIDYING;
      if (isNew) log.warn({ dir: this.dir, ...(isFile && { file: name }) }, trouble);
      return false;
    }
  }
}

/**
 * `$ROLLCALL_SNAPSHOT_DIR`, where ~ is the home folder though no shell has read it (as in a Docker env file); else
 * `rollcall/snapshots` in the user's cache folder.
 * @throws Error when it is to be in the home folder, and there is none.
 */
export function defaultDir(env: NodeJS.ProcessEnv = process.env): string {
  const named = env.ROLLCALL_SNAPSHOT_DIR;
  if (named) return /^~(?=[\\/]|$)/.test(named) ? inHome(named.slice(1)) : named;
  const cache =
    process.platform === "darwin"
      ? inHome("Library", "Caches")
      : process.platform === "win32"
        ? env.LOCALAPPDATA || inHome("AppData", "Local")
        : env.XDG_CACHE_HOME || inHome(".cache");
  return join(cache, "rollcall", "snapshots");
}

function inHome(...path: string[]): string {
  const home = homeFolder();
  if (home !== undefined) return join(home, ...path);
  throw new Error("this user has no home folder; set Snapshot.Dir or $ROLLCALL_SNAPSHOT_DIR to a folder");
}

function troubleOf(name: string, error: NodeJS.ErrnoException): string {
  const why = reasonOf(error);
  if (name === TIDYING) return `old snapshots cannot be removed: ${why}`;
  return `snapshots cannot be written: ${why}; a start without the registry will know nobody`;
}

/** The same every time: without the paths, which have a random part. */
function reasonOf({ message, syscall }: NodeJS.ErrnoException): string {
  return syscall === undefined ? message : message.replace(new RegExp(`, ${syscall}.*`, "s"), "");
}

/** On the disk before it has its name: what is read under the name is always a whole file. */
async function replace(file: string, text: string): Promise<void> {
  const beside = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(beside, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}
