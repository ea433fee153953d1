import type { ChannelStatus } from "./status.js";

/** What a trouble can be with: the watch, which has failed; the registry, by the word of a watch that goes on; host names. */
type Stage = "watch" | "registry" | "names";

/** The stages of a discovery have troubles of their own; of all the first one's is told. */
export class Troubles {
  readonly #status: ChannelStatus;
  readonly #registryFails: () => void;
  readonly #of: { [stage in Stage]?: Error | undefined } = {};

  /** @param registryFails told whenever there is a trouble with the registry or its watch. */
  constructor(status: ChannelStatus, registryFails: () => void) {
    this.#status = status;
    this.#registryFails = registryFails;
  }

  get ofRegistry(): Error | undefined {
    return this.#of.watch ?? this.#of.registry;
  }

  set(stage: Stage, trouble: Error | undefined): void {
    this.#of[stage] = trouble;
    this.#status.trouble = this.ofRegistry ?? this.#of.names;
    if (trouble && stage !== "names") this.#registryFails();
  }
}
