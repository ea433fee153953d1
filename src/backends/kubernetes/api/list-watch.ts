import { Backoff, type BackoffOptions, sleep } from "../../../async/backoff.js";
import { Deadline } from "../../../async/deadline.js";
import { politeWait } from "../retry-after.js";
import type { KubeApi } from "./api.js";
import { ApiError, type ApiErrorKind, refusal, type Status } from "./api-error.js";
import { linesOf } from "./lines.js";
import { garbled, MAX_BYTES, type Meta, nameOf, parse, readAll, versionOf } from "./objects.js";
import { explained, pathOf, type Query, type Resource } from "./resource.js";

export interface ListWatchTiming {
  /** How long the server may take to begin an answer, and to send the whole of a page, in milliseconds. */
  readonly answerMs: number;
  /** A watch is asked to last between this many seconds and twice as many. */
  readonly watchSeconds: number;
  /** How long after its end a watch that has not ended is given up, in milliseconds. */
  readonly overtimeMs: number;
  /** After a watch that lasted no longer than this, in milliseconds, the next one waits. */
  readonly shortWatchMs: number;
  readonly backoff: BackoffOptions;
}

export interface ListWatchOptions<T> {
  readonly api: KubeApi;
  readonly resource: Resource;
  readonly labelSelector: string;
  readonly timing: ListWatchTiming;
  /** Ends it all. */
  readonly signal: AbortSignal;
  /** All objects by name, at first and after every change; what arrives together is told together. */
  readonly onObjects: (objects: ReadonlyMap<string, T>) => void;
  /** Why changes are not seen at present, once for each kind of reason, and undefined when they are seen again. */
  readonly onTrouble: (trouble: ApiError | undefined) => void;
}

/** Objects asked for at a time. A full EndpointSlice is about 50 kB. */
const PAGE_SIZE = 50;
const TOO_MANY_REQUESTS = 429;
/** What befalls a working watch now and then, and is worth a word only when it lasts. */
const MAY_PASS: ReadonlySet<ApiErrorKind> = new Set(["unreachable", "gone", "refused"]);

/**
 * Follows a set of objects by the API server's own protocol: list, watch from the version of the list, watch again
 * from the last version seen, list again when that is too old.
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes)
 * Failures are met with patience and end nothing. Resolves when the signal aborts. The callbacks must not throw.
 */
export async function listWatch<T>(options: ListWatchOptions<T>): Promise<void> {
  await new ListWatch(options).run();
}

class ListWatch<T> {
  readonly #options: ListWatchOptions<T>;
  readonly #backoff: Backoff;
  #objects = new Map<string, T>();
  /** Where to watch from; undefined when the objects are to be listed. */
  #version: string | undefined;
  /** Whether the objects were ever listed. */
  #listed = false;
  #trouble: ApiErrorKind | undefined;
  /** Since a watch last worked. */
  #failures = 0;
  /** When the present watch was granted. */
  #granted: number | undefined;

  constructor(options: ListWatchOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff(options.timing.backoff);
  }

  async run(): Promise<void> {
    const { signal, timing } = this.#options;
    while (!signal.aborted) {
      const error = await this.#turn();
      if (signal.aborted) return;
      const lasted = this.#granted !== undefined && performance.now() - this.#granted >= timing.shortWatchMs;
      this.#granted = undefined;
      if (lasted) this.#backoff.reset();
      if (error) await sleep(this.#failed(error), signal, { unref: true });
      else if (!lasted) await this.#backoff.wait(signal);
    }
  }

  /** Lists if need be, and watches for as long as that goes well; undefined when the watch ended in good order. */
  async #turn(): Promise<ApiError | undefined> {
    try {
      if (this.#version === undefined) await this.#list();
      await this.#watch();
      this.#works();
      return undefined;
    } catch (error) {
      if (error instanceof ApiError) return error;
      throw error;
    }
  }

  /** Says how long to wait before the next attempt, in milliseconds. */
  #failed(error: ApiError): number {
    const repeatedly = this.#failures > 0;
    this.#failures += 1;
    const mayPass = MAY_PASS.has(error.kind) && !repeatedly && this.#listed;
    if (this.#trouble !== error.kind && !mayPass) {
      this.#trouble = error.kind;
      this.#options.onTrouble(error);
    }
    // A lost watch goes on where it stopped. After an outage it does not: the cluster may have been restored from a
    // backup meanwhile, and a watch from a version that lies in its future would wait for ever.
    if (repeatedly || error.kind === "gone" || error.kind === "garbled") this.#version = undefined;
    return Math.max(this.#backoff.next(), politeWait(error.retryAfterMs));
  }

  async #list(): Promise<void> {
    try {
      await this.#listPages(PAGE_SIZE);
    } catch (error) {
      // The version that the pages belong to was dropped between two of them.
      if (!(error instanceof ApiError && error.kind === "gone")) throw error;
      await this.#listPages(undefined);
    }
    this.#listed = true;
    this.#options.onObjects(this.#objects);
  }

  async #listPages(limit: number | undefined): Promise<void> {
    const objects = new Map<string, T>();
    let next: string | undefined;
    do {
      const { metadata, items } = await this.#listPage({ limit, continue: next });
      for (const item of items) objects.set(nameOf(item), item as T);
      next = metadata.continue || undefined;
      if (next === undefined) {
        this.#objects = objects;
        this.#version = versionOf(metadata);
      }
    } while (next !== undefined);
  }

  async #listPage(query: Query): Promise<{ metadata: Meta; items: readonly unknown[] }> {
    const text = await this.#request("list", query, async (body, deadline) => {
      deadline.set(this.#options.timing.answerMs, `no whole list came within ${this.#options.timing.answerMs} ms`);
      return readAll(body);
    });
    const { metadata, items } = parse(text) as { metadata?: Meta; items?: unknown };
    if (!metadata || !(Array.isArray(items) || items == null)) throw garbled("a list without items", text);
    return { metadata, items: items ?? [] };
  }

  /** Resolves when the server has ended the watch. */
  #watch(): Promise<void> {
    const { timing, onObjects } = this.#options;
    const seconds = Math.ceil(timing.watchSeconds * (1 + Math.random()));
    const query = { watch: 1, allowWatchBookmarks: true, resourceVersion: this.#version, timeoutSeconds: seconds };
    return this.#request("watch", query, async (body, deadline) => {
      deadline.set(
        seconds * 1_000 + timing.overtimeMs,
        `a watch of ${seconds} s has not ended: its connection is dead`,
      );
      this.#granted = performance.now();
      const lasting = setTimeout(() => this.#works(), timing.shortWatchMs).unref();
      try {
        for await (const lines of linesOf(body, MAX_BYTES)) {
          let changed = false;
          try {
            for (const line of lines) changed = this.#apply(line) || changed;
          } finally {
            if (changed) onObjects(this.#objects);
          }
        }
      } finally {
        clearTimeout(lasting);
      }
    });
  }

  /**
   * The watch has told something, has lasted, or has ended in good order. That it was granted says little: a server that cannot
   * go on from the version asked for grants it, and then says so.
   */
  #works(): void {
    this.#failures = 0;
    if (this.#trouble) this.#options.onTrouble(undefined);
    this.#trouble = undefined;
  }

  /** Whether the event changed an object. */
  #apply(line: string): boolean {
    const { type, object } = parse(line) as { type?: string; object?: { metadata?: Meta } & Status };
    if (type === "ERROR") {
      // From here it may fail every time. A server that is merely busy goes on where it stopped.
      if (object?.code !== TOO_MANY_REQUESTS) this.#version = undefined;
      throw refusal("the watch ended with", object?.code ?? 500, object);
    }
    const version = versionOf(object?.metadata);
    if (type === "ADDED" || type === "MODIFIED") this.#objects.set(nameOf(object), object as T);
    else if (type === "DELETED") this.#objects.delete(nameOf(object));
    else if (type !== "BOOKMARK") throw garbled("an unknown event", line);
    this.#version = version;
    this.#works();
    return type !== "BOOKMARK";
  }

  /** Makes a request, hands its body on, and puts into words what goes wrong with either. */
  async #request<R>(
    verb: "list" | "watch",
    query: Query,
    read: (body: AsyncIterable<Buffer>, deadline: Deadline) => Promise<R>,
  ): Promise<R> {
    const { api, resource, labelSelector, signal, timing } = this.#options;
    const deadline = new Deadline(signal);
    deadline.set(timing.answerMs, `no answer came within ${timing.answerMs} ms`);
    try {
      const result = await read(
        await api.get(pathOf(resource, { labelSelector, ...query }), deadline.signal),
        deadline,
      );
      // An aborted body may look like one that has ended.
      deadline.signal.throwIfAborted();
      return result;
    } catch (error) {
      if (error instanceof ApiError) throw explained(error, verb, resource, api.access.source);
      const cause = deadline.signal.aborted ? deadline.signal.reason : error;
      throw new ApiError("unreachable", `the ${verb} broke off: ${(cause as Error).message}`, { cause });
    } finally {
      deadline.clear();
    }
  }
}
