import type { Metadata, MetadataOptions } from "@grpc/grpc-js";

/** How an attempt ends that may not be made any more. */
export const NO_ATTEMPT_LEFT = "the call has used all attempts that Retry allows";

/** Where a call has been, whatever sent it there: shared by its attempts and its copies. */
export class CallHistory {
  #first: string | undefined;
  #tried: Set<string> | undefined;
  #started = 0;
  /** Attempts that are picked for in this turn and have not started: two copies may be picked for before either starts. */
  #starting = 0;
  /** No more attempts than this are started. */
  mostAttempts = Number.POSITIVE_INFINITY;

  /** Attempts that were started. */
  get started(): number {
    return this.#started;
  }

  /** Whether no further attempt may be made. */
  get isUsedUp(): boolean {
    return this.#started + this.#starting >= this.mostAttempts;
  }

  /** Instances that were picked for the call; undefined before the first. Most calls are picked for once and need no set. */
  get tried(): ReadonlySet<string> | undefined {
    if (this.#first !== undefined) this.#tried ??= new Set([this.#first]);
    return this.#tried;
  }

  tries(instance: string): void {
    this.#first ??= instance;
    this.#tried?.add(instance);
    if (this.mostAttempts < Number.POSITIVE_INFINITY) this.#reserve();
  }

  /** An attempt that was picked for has started. */
  start(): void {
    this.#started += 1;
    if (this.#starting > 0) this.#starting -= 1;
  }

  /** Until the next turn: grpc-js starts what it has picked for within this one, or picks again. */
  #reserve(): void {
    this.#starting += 1;
    setImmediate(() => {
      this.#starting = 0;
    });
  }
}

/**
 * What every pick of a call is told. grpc-js hands the same `pickInformation` of the call's config to each of them, retries and
 * hedges included, so that it can carry where the call has been.
 */
export class CallFacts {
  readonly method: string;
  readonly history: CallHistory;

  constructor(method: string, history = new CallHistory()) {
    this.method = method;
    this.history = history;
  }
}

/** What a pick was told by the config selector; undefined under another resolver than Rollcall's. */
export function factsIn(extraPickInfo: unknown): CallFacts | undefined {
  return extraPickInfo instanceof CallFacts ? extraPickInfo : undefined;
}

/** A copy of a call that is sent by the channel itself. */
export interface SentAs {
  readonly history: CallHistory;
  /** Whether grpc-js may retry this copy, as the method's config says. */
  readonly retried: boolean;
}

interface Options extends MetadataOptions {
  rollcallSentAs?: SentAs;
}

/** Tells the config selector, by the options of the metadata: grpc-js copies metadata, and hands its options on as they are. */
export function sendAs(metadata: Metadata, as: SentAs): void {
  const options: Options = { ...metadata.getOptions(), rollcallSentAs: as };
  metadata.setOptions(options);
}

export function sentAs(metadata: Metadata): SentAs | undefined {
  return (metadata.getOptions() as Options).rollcallSentAs;
}
