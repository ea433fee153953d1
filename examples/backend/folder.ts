import { EventEmitter } from "node:events";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Backend,
  type Discovery,
  type Instance,
  parseAddress,
  type Registrar,
  type Registration,
  type WatchOptions,
} from "rollcall";

const POLL_MS = 200;

/** Instances are files in a folder that all hosts share: `<folder>/<service>/<address>` holds the instance as JSON. */
export const folderBackend: Backend = {
  parse({ path, params: { key, ...params } }) {
    if (!path || !key) throw new TypeError("expected folder:///path/of/the/folder?key=service");
    if (!/^\w[\w.-]*$/.test(key)) throw new TypeError("the key is the name of a folder: letters, digits, . _ and -");
    return { hosts: [], service: key, params: { ...params, folder: `/${path}` } };
  },
  discovery: ({ params }) => new FolderDiscovery(params.folder!),
  registrar: ({ params }) => new FolderRegistrar(params.folder!),
};

class FolderDiscovery implements Discovery {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async *watch(service: string, options: WatchOptions): AsyncGenerator<readonly Instance[], void> {
    const { signal, onTrouble, background = false } = options;
    let yielded: string | undefined;
    let trouble: string | undefined;
    while (!signal.aborted) {
      try {
        const set = await this.#list(service);
        if (signal.aborted) return;
        if (trouble !== undefined) onTrouble?.(undefined);
        trouble = undefined;
        // A reader that is slow asks late, and then gets what is true by then.
        if (yielded !== JSON.stringify(set)) yield set;
        yielded = JSON.stringify(set);
      } catch (error) {
        // Not knowing is not emptiness: nothing is yielded, and the last set stays true.
        const why = `the folder ${this.#folder} cannot be read: ${(error as Error).message}`;
        if (why !== trouble) onTrouble?.(new Error(why, { cause: error }));
        trouble = why;
      }
      await pause(POLL_MS, undefined, { signal, ref: !background }).catch(() => {});
    }
  }

  async #list(service: string): Promise<Instance[]> {
    // Where the folder is there, a service without a folder of its own has no instances.
    if (!(await readdir(this.#folder)).includes(service)) return [];
    const files = (await readdir(join(this.#folder, service))).sort();
    // What begins with a dot is being written.
    const listed = files.filter((file) => !file.startsWith("."));
    // One that goes meanwhile cannot be read: that is no answer, and the next look gives one.
    const texts = await Promise.all(listed.map((file) => readFile(join(this.#folder, service, file), "utf8")));
    return texts.map((text) => JSON.parse(text) as Instance);
  }
}

class FolderRegistrar implements Registrar {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async register(service: string, instance: Instance, options: { signal?: AbortSignal } = {}): Promise<Registration> {
    if (service === "") throw new TypeError("the service key is empty");
    parseAddress(instance.address);
    options.signal?.throwIfAborted();
    const registration = new FolderRegistration(join(this.#folder, service), instance);
    await registration.attempted;
    return registration;
  }
}

class FolderRegistration extends EventEmitter<{ lost: [Error]; restored: [] }> implements Registration {
  listed = false;
  /** The first attempt, whatever came of it. */
  readonly attempted: Promise<unknown>;
  readonly #folder: string;
  readonly #instance: Instance;
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  #left: Promise<void> | undefined;

  constructor(folder: string, instance: Instance) {
    super();
    this.#folder = folder;
    this.#instance = instance;
    this.attempted = this.#put();
    this.#kept = this.#keep();
  }

  deregister(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #keep(): Promise<void> {
    await this.attempted;
    while (!this.#stop.signal.aborted) {
      await pause(POLL_MS, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {});
      if (this.#stop.signal.aborted) return;
      const before = this.listed;
      const error = await this.#put();
      if (!before && this.listed) this.emit("restored");
      if (before && error) this.emit("lost", error);
    }
  }

  async #leave(): Promise<void> {
    this.#stop.abort();
    await this.#kept;
    await rm(join(this.#folder, this.#instance.address), { force: true }).catch(() => {});
    this.listed = false;
  }

  /** Writes the file, again if somebody has removed it. */
  async #put(): Promise<Error | undefined> {
    try {
      await mkdir(this.#folder).catch((error) => {
        if (error.code !== "EEXIST") throw error;
      });
      const { address } = this.#instance;
      // A file that is written in its place is empty for a moment, and who reads it then would miss the instance.
      await writeFile(join(this.#folder, `.${address}`), JSON.stringify(this.#instance));
      await rename(join(this.#folder, `.${address}`), join(this.#folder, address));
      this.listed = true;
      return undefined;
    } catch (error) {
      this.listed = false;
      return error as Error;
    }
  }
}
