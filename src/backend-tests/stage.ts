import type { TestContext } from "node:test";
import { discoveryOf, registrarOf } from "../backends/table.js";
import type { Instance } from "../instance.js";
import type { Discovery, Registrar, Registration } from "../registry.js";
import { parseTargetUrl } from "../target/parse.js";
import { Follower } from "./follower.js";
import type { BackendServer, TestedBackend } from "./index.js";

/** A server of the tested backend, and what a test does with it. All of it ends with the test. */
export class Stage {
  readonly server: BackendServer;
  readonly #patienceMs: number;
  /** What a backend waits with need not keep a process alive; its test does. */
  readonly #alive = setInterval(() => {}, 60_000);
  readonly #followers: Follower[] = [];
  readonly #registrations = new Map<string, Registration>();

  private constructor(server: BackendServer, patienceMs: number) {
    this.server = server;
    this.#patienceMs = patienceMs;
  }

  static async set(t: TestContext, { start, patienceMs = 30_000 }: TestedBackend): Promise<Stage> {
    const server = await start();
    const stage = new Stage(server, patienceMs);
    t.after(() => stage.#end());
    return stage;
  }

  async discovery(service: string): Promise<{ discovery: Discovery; service: string }> {
    const { discovery, target } = await discoveryOf(parseTargetUrl(this.server.target(service)));
    return { discovery, service: target.service };
  }

  async registrar(service: string): Promise<{ registrar: Registrar; service: string }> {
    const { registrar, target } = await registrarOf(parseTargetUrl(this.server.target(service)));
    return { registrar, service: target.service };
  }

  async follow(service: string): Promise<Follower> {
    const found = await this.discovery(service);
    const follower = new Follower(found.discovery, found.service, this.#patienceMs);
    this.#followers.push(follower);
    return follower;
  }

  /** Makes addresses the instances of a service, whatever the means. */
  async list(service: string, ...addresses: string[]): Promise<void> {
    const instances = addresses.map((address): Instance => ({ address }));
    if (this.server.list) return this.server.list(service, instances);
    const { registrar, service: key } = await this.registrar(service);
    for (const [name, registration] of this.#registrations) {
      const [of, address] = name.split(" ");
      if (of !== service || addresses.includes(address!)) continue;
      this.#registrations.delete(name);
      await registration.deregister();
    }
    for (const instance of instances) {
      const name = `${service} ${instance.address}`;
      if (this.#registrations.has(name)) continue;
      this.#registrations.set(name, await registrar.register(key, instance));
    }
  }

  /** The promise, or a rejection after the backend's patience that says what was waited for. */
  async inTime<T>(promise: Promise<T>, what: string): Promise<T> {
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      limit = setTimeout(() => reject(new Error(`waited ${this.#patienceMs} ms ${what}`)), this.#patienceMs);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(limit));
  }

  /** That something does not happen can only be seen by waiting: a second, and less for the impatient. */
  moment(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, Math.min(1_000, this.#patienceMs / 3));
    });
  }

  /** Keeps a registration for the end of the test. */
  keep(registration: Registration): Registration {
    this.#registrations.set(`kept ${this.#registrations.size}`, registration);
    return registration;
  }

  async #end(): Promise<void> {
    for (const follower of this.#followers) await follower.end();
    await Promise.all([...this.#registrations.values()].map((registration) => registration.deregister()));
    clearInterval(this.#alive);
    await this.server.stop();
  }
}
