import { endsWithin } from "../async/time-limit.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import type { KnownSet, LastKnownSets } from "./last-known.js";
import type { ResolvedInstance } from "./resolved-instance.js";
import type { ChannelStatus } from "./status.js";

/** A store on a disk that hangs, as of a network, holds up no discovery for longer, in milliseconds. */
const RECALL_MS = 1_000;

/**
 * A set that does not change is kept anew so often while the registry is heard, in milliseconds: the age of what is kept, by which a
 * later start judges it, is that of the registry's word and not of the last deploy.
 */
const KEEP_AGAIN_MS = 300_000;

/** What was last known of a target. A store that fails, or hangs, is no reason not to discover. */
export async function recall(store: LastKnownSets, target: Target, ms = RECALL_MS): Promise<KnownSet | undefined> {
  try {
    const found = store.find(target);
    if (found instanceof Promise && !(await endsWithin(found, ms))) throw new Error(`they took longer than ${ms} ms`);
    return await found;
  } catch (error) {
    log.warn({ service: target.service, err: error }, "the last known instances cannot be read; going on without");
    return undefined;
  }
}

/** Keeps what the registry says of a target, and keeps its age young while the registry is heard. */
export class SetKeeper {
  readonly #store: LastKnownSets;
  readonly #status: ChannelStatus;
  readonly #again: NodeJS.Timeout;
  #set: readonly ResolvedInstance[] | undefined;

  /** @param isHeard whether there is no trouble with the registry. */
  constructor(store: LastKnownSets, status: ChannelStatus, isHeard: () => boolean) {
    this.#store = store;
    this.#status = status;
    this.#again = setInterval(() => {
      if (this.#set && isHeard()) this.keep(this.#set);
    }, KEEP_AGAIN_MS).unref();
  }

  keep(instances: readonly ResolvedInstance[]): void {
    this.#set = instances;
    const { target, called } = this.#status;
    this.#store.keep(target, { instances, at: Date.now(), services: [...called] });
  }

  stop(): void {
    clearInterval(this.#again);
  }
}
