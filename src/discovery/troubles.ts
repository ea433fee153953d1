import type { ChannelStatus } from "./status.js";

/** Two stages of a discovery have troubles of their own; of both the registry's is told. */
export class Troubles {
  readonly #status: ChannelStatus;
  readonly #of: { registry?: Error | undefined; names?: Error | undefined } = {};

  constructor(status: ChannelStatus) {
    this.#status = status;
  }

  get ofRegistry(): Error | undefined {
    return this.#of.registry;
  }

  set(stage: "registry" | "names", trouble: Error | undefined): void {
    this.#of[stage] = trouble;
    this.#status.trouble = this.#of.registry ?? this.#of.names;
  }
}
