import { instanceLife } from "../../src/lifecycle/register-instance.js";
import type { ServerLife } from "../../src/lifecycle/server-life.js";
import type { Target } from "../../src/registry.js";
import type { End } from "../network/connection.js";
import type { Process } from "../world/process.js";
import type { World } from "../world/world.js";
import type { Client } from "./client.js";
import type { Message } from "./protocol.js";

/** Of servers with attributes. */
export const WEIGHT = 3;

/** A server: the real life of one, registration and lease included, and calls that are answered after a while. */
export class Server {
  readonly process: Process;
  readonly address: string;
  /** Since when it has been doing what it does, in virtual milliseconds: what its health says. */
  healthSince = 0;
  /** Where servers call each other. */
  client: Client | undefined;
  readonly #world: World;
  readonly #life: ServerLife;
  readonly #ends = new Set<End>();
  readonly #watching = new Set<End>();
  readonly #unlisten: () => void;
  /** What its life says. */
  #lives = false;
  /** What the application says, whatever its life says. */
  #willing = true;
  #closing = false;
  #stopped = false;
  #running = 0;
  #idle: () => void = () => {};

  constructor(world: World, process: Process, address: string, target: Target) {
    this.#world = world;
    this.process = process;
    this.address = address;
    this.#unlisten = world.network.listen(address, { owner: process, accept: (end) => this.#accept(end) });
    const hooks = {
      health: (serving: boolean) => {
        this.#lives = serving;
        this.#tellHealth();
      },
      close: () => this.#close(),
      signals: false,
      drainMs: 1_000,
      waitMs: 5_500,
    };
    this.#life = instanceLife(target, { address, ...(world.setup.attributes && { weight: WEIGHT }) }, hooks);
    this.#life.start().catch((error: Error) => world.broken(`a server cannot start: ${error.message}`));
  }

  /** Whether it says that it serves. */
  get serving(): boolean {
    return this.#lives && this.#willing;
  }

  /** Whether its life says that it serves, whatever the application says. */
  get lives(): boolean {
    return this.#lives;
  }

  /** Whether it is to be listed, but for what operators ask of it. */
  get wantsListing(): boolean {
    return this.process.state !== "dead" && this.#life.serves;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The application changes its health by itself. */
  setWilling(willing: boolean): void {
    this.#willing = willing;
    this.#tellHealth();
  }

  pause(): void {
    this.#life.pause().catch(() => {});
  }

  resume(): void {
    this.#life.resume().catch(() => {});
  }

  /** A graceful stop, after which the process ends. */
  stop(): void {
    void this.#life.stop().then(() => {
      this.#stopped = true;
      this.#world.exit(this.process);
      this.#unlisten();
    });
  }

  /** Its place is free for another process. */
  left(): void {
    this.#unlisten();
  }

  #accept(end: End): void {
    if (this.#closing) {
      end.close();
      return;
    }
    this.#ends.add(end);
    end.ear = {
      message: (message) => this.#receive(end, message as Message),
      closed: () => {
        this.#ends.delete(end);
        this.#watching.delete(end);
      },
    };
    end.send({ is: "settings" });
  }

  #receive(end: End, message: Message): void {
    switch (message.is) {
      case "ping":
        end.send({ is: "pong" });
        break;
      case "watch health":
        this.#watching.add(end);
        end.send({ is: "health", serving: this.serving });
        break;
      case "call":
        if (this.#closing) end.send({ is: "refused", id: message.id });
        else this.#work(end, message.id, message.workMs);
    }
  }

  #work(end: End, id: number, workMs: number): void {
    this.#running += 1;
    setTimeout(() => {
      end.send({ is: "answer", id });
      this.#running -= 1;
      if (this.#running === 0) this.#idle();
    }, workMs);
  }

  #tellHealth(): void {
    this.healthSince = this.#world.scheduler.now;
    for (const end of this.#watching) end.send({ is: "health", serving: this.serving });
  }

  async #close(): Promise<void> {
    this.#closing = true;
    for (const end of this.#ends) end.send({ is: "go away" });
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    for (const end of this.#ends) end.close();
  }
}
