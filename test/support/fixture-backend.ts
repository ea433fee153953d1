import { EventEmitter } from "node:events";
import { Latest } from "../../src/async/latest.js";
import { registerBackend } from "../../src/backends/table.js";
import type { Instance } from "../../src/instance.js";
import type { Registration } from "../../src/registry.js";

/**
 * A registry whose contents a test sets, plugged in as a user would plug in one: `fixture:///h:1?key=<service>`.
 * Servers that register in it are listed at once.
 */
export class FixtureRegistry {
  readonly scheme: string;
  readonly #services = new Map<string, Map<string, Instance>>();
  readonly #watchers = new Set<{ service: string; sets: Latest<readonly Instance[]> }>();
  /** When false the registry has not answered anybody yet. */
  #answering = true;

  constructor(scheme = "fixture") {
    this.scheme = scheme;
    registerBackend(scheme, {
      discovery: () => ({ watch: (service, { signal }) => this.#watch(service, signal) }),
      registrar: () => ({ register: async (service, instance) => this.#register(service, instance) }),
    });
  }

  target(service: string): string {
    return `${this.scheme}:///registry.test:1?key=${encodeURIComponent(service)}`;
  }

  list(service: string, instances: readonly (string | Instance)[]): void {
    const entries = instances.map((one) => (typeof one === "string" ? { address: one } : one));
    this.#services.set(service, new Map(entries.map((instance) => [instance.address, instance])));
    this.#tell(service);
  }

  listed(service: string): string[] {
    return [...(this.#services.get(service)?.keys() ?? [])];
  }

  /** From now on it says nothing to new watchers, as if it could not be reached. */
  silence(): void {
    this.#answering = false;
  }

  #watch(service: string, signal: AbortSignal): AsyncIterable<readonly Instance[]> {
    const watcher = { service, sets: new Latest<readonly Instance[]>(signal) };
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher));
    if (this.#answering) watcher.sets.set([...(this.#services.get(service)?.values() ?? [])]);
    return watcher.sets;
  }

  #register(service: string, instance: Instance): Registration {
    const listed = this.#services.get(service) ?? new Map<string, Instance>();
    this.#services.set(service, listed.set(instance.address, instance));
    this.#tell(service);
    return Object.assign(new EventEmitter<{ lost: [Error]; restored: [] }>(), {
      listed: true,
      deregister: async () => {
        listed.delete(instance.address);
        this.#tell(service);
      },
    });
  }

  #tell(service: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.service === service) watcher.sets.set([...(this.#services.get(service)?.values() ?? [])]);
    }
  }
}
