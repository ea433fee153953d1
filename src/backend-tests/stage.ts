import type { TestContext } from "node:test";
import { discoveryOf, registrarOf } from "../backends/table.js";
import type { Instance } from "../instance.js";
import type { Discovery, Registrar, Registration, Target } from "../registry.js";
import { parseTargetUrl } from "../target/parse.js";
import { messageOf } from "../thrown.js";
import { Follower } from "./follower.js";
import type { BackendServer, TestedBackend } from "./index.js";
import { Patience } from "./patience.js";

/** A server of the tested backend, and what a test does with it. All of it ends with the test. */
export class Stage {
  readonly server: BackendServer;
  readonly patience: Patience;
  /** What a backend waits with need not keep a process alive; its test does. */
  readonly #alive = setInterval(() => {}, 60_000);
  readonly #followers: Follower[] = [];
  readonly #registrations = new Map<string, Registration>();

  private constructor(server: BackendServer, patience: Patience) {
    this.server = patience.server(server);
    this.patience = patience;
  }

  static async set(t: TestContext, { start, patienceMs = 30_000 }: TestedBackend): Promise<Stage> {
    const patience = new Patience(patienceMs);
    const starting = Promise.resolve(start());
    try {
      const stage = new Stage(await patience.inTime(starting, "for start() of the test's server to end"), patience);
      t.after(() => stage.#end());
      return stage;
    } catch (error) {
      // A server that starts after all would keep the run from ending. That the test fails is told already.
      starting.then((late) => late.stop()).catch(() => {});
      throw error;
    }
  }

  async discovery(service: string): Promise<{ discovery: Discovery; service: string }> {
    const { discovery, target } = await this.#discovery(service);
    return { discovery: this.patience.discovery(discovery), service: target.service };
  }

  async registrar(service: string): Promise<{ registrar: Registrar; service: string }> {
    const asked = registrarOf(parseTargetUrl(this.server.target(service)));
    const { registrar, target } = await this.patience.inTime(asked, "for the backend's registrar()");
    return { registrar: this.patience.registrar(registrar), service: target.service };
  }

  async follow(service: string): Promise<Follower> {
    const { discovery, target } = await this.#discovery(service);
    const follower = new Follower(discovery, target.service, this.patience);
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
      await this.deregister(registration);
    }
    for (const instance of instances) {
      const name = `${service} ${instance.address}`;
      if (this.#registrations.has(name)) continue;
      this.#registrations.set(name, await registrar.register(key, instance));
    }
  }

  async deregister(registration: Registration): Promise<void> {
    return this.patience.inTime(registration.deregister(), "for deregister() to resolve");
  }

  /** That something does not happen can only be seen by waiting: a second, and less for the impatient. */
  moment(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, Math.min(1_000, this.patience.ms / 3));
    });
  }

  /** Keeps a registration for the end of the test. */
  keep(registration: Registration): Registration {
    this.#registrations.set(`kept ${this.#registrations.size}`, registration);
    return registration;
  }

  #discovery(service: string): Promise<{ discovery: Discovery; target: Target }> {
    const asked = discoveryOf(parseTargetUrl(this.server.target(service)));
    return this.patience.inTime(asked, "for the backend's discovery()");
  }

  /** All of it, whatever fails: the server is stopped too. @throws Error that names everything that has failed. */
  async #end(): Promise<void> {
    const outcomes = [
      ...(await Promise.allSettled(this.#followers.map((follower) => follower.end()))),
      ...(await Promise.allSettled([...this.#registrations.values()].map((one) => this.deregister(one)))),
    ];
    clearInterval(this.#alive);
    outcomes.push(...(await Promise.allSettled([this.server.stop()])));
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    if (failures.length > 0) throw new Error([...new Set(failures.map(messageOf))].join("; "), { cause: failures[0] });
  }
}
