import { EtcdDiscovery, EtcdRegistrar } from "../../src/backends/etcd/index.js";
import type { Registration } from "../../src/registry.js";

/** Made so many at a time: a fleet does not start in one moment. */
const AT_A_TIME = 50;

/**
 * Settings of a process of its own: what is named by the same hosts is one session in a process, so each names one more, which
 * refuses connections.
 */
function hostsOf(endpoint: string, net: number, i: number): string[] {
  return [endpoint, `127.0.${net}.${1 + (i >> 14)}:${1_024 + (i & 16_383)}`];
}

async function inTurns(from: number, to: number, one: (i: number) => Promise<unknown>): Promise<void> {
  for (let at = from; at < to; at += AT_A_TIME) {
    await Promise.all(Array.from({ length: Math.min(AT_A_TIME, to - at) }, (_, k) => one(at + k)));
  }
}

/** Servers, each with a session, a lease and its key, as in a process of its own. */
export class Servers {
  readonly #endpoint: string;
  readonly #services: number;
  readonly #registrations: Registration[] = [];

  constructor(endpoint: string, services: number) {
    this.#endpoint = endpoint;
    this.#services = services;
  }

  async grow(to: number): Promise<void> {
    await inTurns(this.#registrations.length, to, async (i) => {
      const registrar = new EtcdRegistrar({ hosts: hostsOf(this.#endpoint, 2, i), ttlSeconds: 10 });
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
  readonly #endpoint: string;
  readonly #services: number;
  readonly #abort = new AbortController();
  #count = 0;

  constructor(endpoint: string, services: number) {
    this.#endpoint = endpoint;
    this.#services = services;
  }

  async grow(to: number): Promise<void> {
    await inTurns(this.#count, to, async (i) => {
      const discovery = new EtcdDiscovery({ hosts: hostsOf(this.#endpoint, 3, i) });
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
