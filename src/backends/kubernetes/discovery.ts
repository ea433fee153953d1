import { holdUnless } from "../../async/hold.js";
import { Latest } from "../../async/latest.js";
import { type Instance, sameInstance } from "../../instance.js";
import { log } from "../../log.js";
import type { Discovery, WatchOptions } from "../../registry.js";
import type { KubeApi } from "./api/api.js";
import { type ListWatchTiming, listWatch } from "./api/list-watch.js";
import type { EndpointSlice } from "./endpoint-slice.js";
import { RemovalGrace } from "./removal-grace.js";
import { type AddressFamily, type Merged, mergeSlices } from "./slices.js";
import { parseServiceName } from "./target.js";

export interface DiscoveryTiming extends ListWatchTiming {
  /** How long an endpoint that vanished from all slices stays in use, in milliseconds. */
  readonly removalGraceMs: number;
}

/** Finds the endpoints of a Kubernetes service by its EndpointSlices. */
export class KubernetesDiscovery implements Discovery {
  readonly #api: KubeApi;
  readonly #family: AddressFamily;
  readonly #timing: DiscoveryTiming;

  constructor(api: KubeApi, family: AddressFamily, timing: DiscoveryTiming) {
    this.#api = api;
    this.#family = family;
    this.#timing = timing;
  }

  /** @param target `namespace/service:port`; namespace and port may be left out. */
  async *watch(target: string, options: WatchOptions): AsyncGenerator<readonly Instance[], void> {
    const { signal, onTrouble, background } = options;
    const { namespace = this.#api.access.namespace ?? "default", service, port } = parseServiceName(target);
    if (signal.aborted) return;
    // The reader may also end by leaving its loop.
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal.addEventListener("abort", abort, { once: true });
    const release = this.#api.use();
    const letGo = holdUnless(background);
    const endpoints = new Endpoints(`${namespace}/${service}`, this.#timing.removalGraceMs, stop.signal, onTrouble);
    const watching = listWatch<EndpointSlice>({
      api: this.#api,
      resource: { group: "discovery.k8s.io", version: "v1", plural: "endpointslices", namespace },
      labelSelector: `kubernetes.io/service-name=${service}`,
      timing: this.#timing,
      signal: stop.signal,
      onObjects: (slices) => endpoints.update(mergeSlices(slices.values(), { port, family: this.#family })),
      onTrouble: (trouble) => endpoints.cutOff(trouble),
    }).catch((error) => endpoints.current.fail(error));
    try {
      yield* endpoints.current;
    } finally {
      signal.removeEventListener("abort", abort);
      stop.abort();
      await watching;
      endpoints.close();
      release();
      letGo();
    }
  }
}

/** The instances of one service as they are told to the reader, and what is said about them on the way. */
class Endpoints {
  readonly current: Latest<readonly Instance[]>;
  readonly #service: string;
  readonly #vanished: RemovalGrace;
  readonly #onTrouble: WatchOptions["onTrouble"];
  #merged: Merged | undefined;
  #published: readonly Instance[] | undefined;
  #apiTrouble: Error | undefined;
  #trouble: string | undefined;
  #malformed = new Set<string>();

  constructor(service: string, removalGraceMs: number, signal: AbortSignal, onTrouble: WatchOptions["onTrouble"]) {
    this.#service = service;
    this.#onTrouble = onTrouble;
    this.#vanished = new RemovalGrace(removalGraceMs, () => this.#publish());
    this.current = new Latest(signal);
  }

  update(merged: Merged): void {
    this.#merged = merged;
    this.#vanished.update(this.#published ?? [], merged.listed);
    this.#publish();
    this.#tellMalformed(merged.malformed);
    this.#tellTrouble();
  }

  /** The API server cannot be watched, or (undefined) can be again. */
  cutOff(trouble: Error | undefined): void {
    this.#apiTrouble = trouble;
    this.#tellTrouble();
  }

  close(): void {
    this.#vanished.close();
  }

  #publish(): void {
    const instances = [...(this.#merged?.instances ?? []), ...this.#vanished.instances].sort(byAddress);
    // Most updates of a slice say nothing new.
    if (this.#published && sameInstances(this.#published, instances)) return;
    this.#published = instances;
    this.current.set(instances);
  }

  #tellTrouble(): void {
    const why = this.#apiTrouble?.message ?? this.#merged?.problem;
    if (why === this.#trouble) return;
    this.#trouble = why;
    const message = `Kubernetes service ${this.#service}: ${why ?? "all is well again"}`;
    if (why === undefined) log.info({}, message);
    else log.warn({ known: this.#published?.length ?? 0 }, message);
    this.#onTrouble?.(why === undefined ? undefined : new Error(message, { cause: this.#apiTrouble }));
  }

  #tellMalformed(malformed: readonly string[]): void {
    for (const what of malformed) {
      if (!this.#malformed.has(what)) log.warn({}, `Kubernetes service ${this.#service} lists ${what}: skipped`);
    }
    this.#malformed = new Set(malformed);
  }
}

function byAddress(a: Instance, b: Instance): number {
  return a.address < b.address ? -1 : 1;
}

function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  return a.length === b.length && a.every((instance, at) => instance === b[at] || sameInstance(instance, b[at]!));
}
