import { failure, type Reply } from "./status.js";

/** An EndpointSlice as a test writes it. */
export interface SliceManifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly addressType: string;
  readonly endpoints?: readonly unknown[] | null;
  readonly ports?: readonly unknown[] | null;
}

export type StoredSlice = SliceManifest & { readonly metadata: { readonly resourceVersion: string } };
type EventType = "ADDED" | "MODIFIED" | "DELETED";

interface Change {
  readonly version: number;
  readonly before: StoredSlice | undefined;
  readonly after: StoredSlice | undefined;
}

export interface SliceWatch {
  readonly matches: (slice: SliceManifest) => boolean;
  readonly send: (type: EventType | "BOOKMARK" | "ERROR", object: unknown) => void;
  readonly end: () => void;
}

/** The EndpointSlices of a cluster as kube-apiserver keeps them in etcd: objects, versions, and a history that can be compacted. */
export class SliceStore {
  readonly watches = new Set<SliceWatch>();
  #slices = new Map<string, StoredSlice>();
  #version = 1_000;
  #history: Change[] = [];
  #pages = new Map<string, { readonly version: number; readonly rest: readonly StoredSlice[] }>();
  /** Versions from here on can be watched from. */
  #oldest = this.#version;

  get version(): number {
    return this.#version;
  }

  get oldest(): number {
    return this.#oldest;
  }

  /** Compacts: no version older than the present one can be watched from, no page of an older list be had. */
  expire(): void {
    this.#oldest = this.#version;
    this.#history = [];
    this.#pages.clear();
  }

  /** The cluster is restored from a backup: the same objects at lower versions. */
  restore(version: number): void {
    this.#version = version;
    this.expire();
    for (const [key, slice] of this.#slices) this.#slices.set(key, stored(slice, version));
  }

  apply(slice: SliceManifest): void {
    const key = keyOf(slice.metadata);
    this.#commit(key, stored(slice, this.#version + 1));
  }

  delete(namespace: string, name: string): void {
    this.#commit(keyOf({ namespace, name }), undefined);
  }

  /** Something that is in use only by other objects: the version goes up, nothing here changes. */
  changeElsewhere(): void {
    this.#version += 1;
  }

  /** Tells a watch what has happened since a version. */
  replay(watch: SliceWatch, from: number): void {
    for (const change of this.#history) if (change.version > from) tell(watch, change);
  }

  list(namespace: string, query: Record<string, string>): Reply {
    let version = this.#version;
    let rest: readonly StoredSlice[];
    if (query.continue) {
      const page = this.#pages.get(query.continue);
      if (!page)
        return failure(
          410,
          "Expired",
          "The provided continue parameter is too old to display a consistent list result.",
        );
      ({ version, rest } = page);
    } else {
      const matches = selector(namespace, query.labelSelector);
      rest = [...this.#slices.entries()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, slice]) => slice)
        .filter(matches);
    }
    const limit = Number(query.limit ?? 0) || rest.length;
    const left = rest.slice(limit);
    const next =
      left.length > 0 ? Buffer.from(`${version}/${left.length}/${this.#pages.size}`).toString("base64") : undefined;
    if (next) this.#pages.set(next, { version, rest: left });
    const metadata = {
      resourceVersion: `${version}`,
      ...(next && { continue: next, remainingItemCount: left.length }),
    };
    return {
      status: 200,
      body: { kind: "EndpointSliceList", apiVersion: "discovery.k8s.io/v1", metadata, items: rest.slice(0, limit) },
    };
  }

  #commit(key: string, after: StoredSlice | undefined): void {
    const before = this.#slices.get(key);
    if (!before && !after) return;
    this.#version += 1;
    if (after) this.#slices.set(key, after);
    else this.#slices.delete(key);
    const change = { version: this.#version, before, after };
    this.#history.push(change);
    for (const watch of this.watches) tell(watch, change);
  }
}

/** What a watch that sees only some of the objects is told of a change. */
function tell({ matches, send }: SliceWatch, { version, before, after }: Change): void {
  const [was, is] = [before !== undefined && matches(before), after !== undefined && matches(after)];
  if (is) send(was ? "MODIFIED" : "ADDED", after);
  else if (was) send("DELETED", stored(before!, version));
}

export function selector(namespace: string, labels = ""): (slice: SliceManifest) => boolean {
  const wanted = labels
    .split(",")
    .filter(Boolean)
    .map((label) => label.split("=") as [string, string]);
  return ({ metadata }) =>
    metadata.namespace === namespace && wanted.every(([name, value]) => metadata.labels[name] === value);
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function stored(slice: SliceManifest, version: number): StoredSlice {
  return {
    ...{ kind: "EndpointSlice", apiVersion: "discovery.k8s.io/v1" },
    ...slice,
    metadata: { ...slice.metadata, resourceVersion: `${version}` },
  };
}

export function bookmarkAt(version: number): object {
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: { resourceVersion: `${version}` },
    addressType: "",
    endpoints: null,
    ports: null,
  };
}
