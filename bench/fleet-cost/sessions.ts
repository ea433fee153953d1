import { EtcdDiscovery, EtcdRegistrar } from "../../src/backends/etcd/index.js";
import type { ConnectionSettings } from "../../src/etcd-client/settings.js";
import type { Registration } from "../../src/registry.js";
import { inParallel } from "../registry/figures.js";

/** Made so many at a time: a fleet does not start in one moment. */
const AT_A_TIME = 50;

/** How long leases last without renewal, in seconds. */
export const TTL_SECONDS = 10;

/**
 * Settings of a process of its own: what is named by the same hosts is one session in a process, so each names one more, which
 * refuses connections.
 */
function ownSettings(settings: ConnectionSettings, net: number, i: number): ConnectionSettings {
  const own = `127.0.${net}.${1 + (i >> 14)}:${1_024 + (i & 16_383)}`;
  return { ...settings, hosts: [...settings.hosts, own] };
}

/** The numbers of those that are made on the way from so many to so many. */
function newOnes(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Servers, each with a session, a lease and its key, as in a process of its own. */
export class Servers {
  readonly #settings: ConnectionSettings;
  readonly #services: number;
  readonly #registrations: Registration[] = [];

  constructor(settings: ConnectionSettings, services: number) {
    this.#settings = settings;
    this.#services = services;
  }

  get count(): number {
    return this.#registrations.length;
  }

  /** How many of them etcd lists, as far as they know. */
  get listed(): number {
    return this.#registrations.filter(({ listed }) => listed).length;
  }

  async grow(to: number): Promise<void> {
    await inParallel(newOnes(this.count, to), AT_A_TIME, async (i) => {
      const registrar = new EtcdRegistrar({ ...ownSettings(this.#settings, 2, i), ttlSeconds: TTL_SECONDS });
      const address = `127.1.${i >> 8}.${i & 255}:8080`;
      this.#registrations.push(await registrar.register(`service${i % this.#services}.rpc`, { address }));
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#registrations.map((one) => one.deregister()));
  }
}

/** Clients, each with a session and the watches of so many services. */
export class Clients {
  readonly #settings: ConnectionSettings;
  readonly #services: number;
  readonly #abort = new AbortController();
  #count = 0;

  constructor(settings: ConnectionSettings, services: number) {
    this.#settings = settings;
    this.#services = services;
  }

  get count(): number {
    return this.#count;
  }

  async grow(to: number): Promise<void> {
    await inParallel(newOnes(this.count, to), AT_A_TIME, async (i) => {
      const discovery = new EtcdDiscovery(ownSettings(this.#settings, 3, i));
      await Promise.all(
        Array.from({ length: this.#services }, (_, service) => this.#watch(discovery, `service${service}.rpc`)),
      );
    });
    this.#count = to;
  }

  /** Resolves with the first answer, and goes on. */
  #watch(discovery: EtcdDiscovery, service: string): Promise<void> {
    return new Promise((resolve) => {
      void (async () => {
        for await (const _ of discovery.watch(service, { signal: this.#abort.signal })) resolve();
      })();
    });
  }

  stop(): void {
    this.#abort.abort();
  }
}
