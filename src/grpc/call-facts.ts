import type { Metadata, MetadataOptions } from "@grpc/grpc-js";

/** How an attempt ends that may not be made. */
export const NO_ATTEMPT_LEFT = "the call may make no further attempt";

/** Where a call has been, whatever sent it there: shared by its attempts and its copies. */
export class CallHistory {
  #first: string | undefined;
  #tried: Set<string> | undefined;
  /** Attempts that were started. */
  started = 0;
  /** Attempts that are picked for and have not started: call credentials may take their time. */
  starting = 0;
  /** No more attempts than this are started. */
  mostAttempts = Number.POSITIVE_INFINITY;
  /** Whether a full server has refused the call, which was made once more for that reason. */
  movedOn = false;

  /** Instances that were picked for the call; undefined before the first. Most calls are picked for once and need no set. */
  get tried(): ReadonlySet<string> | undefined {
    if (this.#first !== undefined) this.#tried ??= new Set([this.#first]);
    return this.#tried;
  }

  tries(instance: string): void {
    this.#first ??= instance;
    this.#tried?.add(instance);
  }
}

/**
 * What every pick of a call, or of one copy of it, is told. grpc-js hands the same `pickInformation` of the call's config to each of
 * them, retries and hedges included, so that it can carry where the call has been.
 */
export class CallFacts {
  readonly method: string;
  readonly history: CallHistory;
  /** Whether it is a second copy, which goes to another instance than the first or nowhere. */
  readonly isSecond: boolean;
  /** Picked for and not started: where grpc-js picks once more before it starts, that is the same attempt. */
  #starting = false;

  constructor(method: string, copy?: SentAs) {
    this.method = method;
    this.history = copy?.history ?? new CallHistory();
    this.isSecond = copy !== undefined && !copy.retried;
  }

  /** Whether no further attempt may be made. */
  get isUsedUp(): boolean {
    const { started, starting, mostAttempts } = this.history;
    return started + starting - Number(this.#starting) >= mostAttempts;
  }

  /** An instance is picked. */
  tries(instance: string): void {
    this.history.tries(instance);
    if (this.#starting) return;
    this.#starting = true;
    this.history.starting += 1;
  }

  /** The attempt that was picked for has started. */
  start(): void {
    this.history.started += 1;
    if (!this.#starting) return;
    this.#starting = false;
    this.history.starting -= 1;
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
