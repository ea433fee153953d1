import { onAbort } from "../async/on-abort.js";
import type { Node } from "../balancer/node.js";
import type { Outcome } from "../balancer/outcome.js";
import type { Instance } from "../instance.js";
import type { ChannelSource } from "../membership/channel-source.js";
import { refuse } from "../target/given.js";
import type { ExchangeOptions } from "./exchange-options.js";
import { isOutcome } from "./outcome.js";
import type { PoolSession } from "./session.js";

/** One exchange on the connection of one instance, from its pick to its end. */
export interface Lease<T> {
  readonly connection: T;
  readonly instance: Instance;
  /** Aborts when the caller's signal does, or when the connection was found dead. Let go of at the end. */
  readonly signal: AbortSignal;
  /** The first answer of an exchange that goes on: a stream. The time until now is its latency. Once; later calls do nothing. */
  answered(): void;
  /**
   * The exchange is over. Must be called, else the instance is thought busy forever. Once; later calls do nothing.
   * @param outcome what its end says of the instance; default "success".
   * @throws TypeError when it is none; the exchange is over all the same.
   */
  end(outcome?: Outcome): void;
}

/** What became of an exchange, for the watch over silent connections. */
export interface Ending {
  /** Whether the far side was heard of. Default: where the exchange succeeded. */
  readonly heard?: boolean;
  /** Whether the exchange ran out of time. Default false. */
  readonly timedOut?: boolean;
  /** Whether its caller gave it up while it waited for an answer. Default: where the caller's signal has aborted. */
  readonly gaveUp?: boolean;
}

const AS_USUAL: Ending = {};

/** Looked up once: the global is a getter, which costs a third as much as the clock itself. */
const clock = performance;

/** gRPC's status codes, the nearest to what an exchange of any protocol tells. */
const CODES = { success: 0, ignore: 1, failure: 2 } as const;

export class PoolLease<T> implements Lease<T> {
  /** The identity that the balancer knows the instance by. */
  readonly id: string;
  readonly connection: T;
  readonly instance: Instance;
  readonly #node: Node<string>;
  readonly #session: PoolSession<T>;
  readonly #source: ChannelSource;
  /** Its pick, in the flight recorder. */
  readonly #decision: number;
  readonly #kind: string | undefined;
  readonly #caller: AbortSignal | undefined;
  readonly #startedAt = clock.now();
  readonly #activeSince: number;
  #state: "running" | "answered" | "over" = "running";
  #answeredMs: number | undefined;
  #abort: AbortController | undefined;
  #release: (() => void) | undefined;

  /**
   * @param source is told how it ended, for metrics and decisions.
   * @param decision its pick, in the flight recorder.
   */
  constructor(
    node: Node<string>,
    instance: Instance,
    session: PoolSession<T>,
    source: ChannelSource,
    decision: number,
    { kind, signal }: ExchangeOptions,
  ) {
    this.id = node.key;
    this.connection = session.connection;
    this.instance = instance;
    this.#node = node;
    this.#session = session;
    this.#source = source;
    this.#decision = decision;
    this.#kind = kind;
    this.#caller = signal;
    node.started(kind);
    source.recorder?.at(decision, this.#startedAt);
    this.#activeSince = session.began();
  }

  /** Made when it is asked for: most exchanges never look at it. */
  get signal(): AbortSignal {
    if (this.#abort) return this.#abort.signal;
    const abort = new AbortController();
    this.#abort = abort;
    if (this.#state === "over") return abort.signal;
    const caller = this.#caller;
    const dead = this.#session.dead;
    const releases = [
      onAbort(caller, () => abort.abort(caller?.reason)),
      onAbort(dead, () => abort.abort(dead.reason)),
    ];
    this.#release = () => {
      for (const release of releases) release();
    };
    return abort.signal;
  }

  /** Aborts when the far side is found to be gone. */
  get dead(): AbortSignal {
    return this.#session.dead;
  }

  /** Whether the far side has begun to answer. */
  get hasAnswered(): boolean {
    return this.#answeredMs !== undefined;
  }

  // Bound when they are asked for, because `const { connection, end } = await pool.acquire()` is how it is read.
  get answered(): () => void {
    return () => this.markAnswered();
  }
  get end(): (outcome?: Outcome, ending?: Ending) => void {
    return (outcome, ending) => this.finish(outcome, ending);
  }

  /** What `answered` does. */
  markAnswered(): void {
    if (this.#state !== "running") return;
    this.#state = "answered";
    this.#session.heard();
    this.#answeredMs = clock.now() - this.#startedAt;
    this.#node.answered(this.#answeredMs, this.#kind);
  }

  /** What `end` does. */
  finish(outcome: Outcome = "success", ending = AS_USUAL): void {
    if (this.#state === "over") return;
    if (!isOutcome(outcome)) {
      this.finish("ignore");
      refuse("the outcome", outcome, '"success", "failure" or "ignore"');
    }
    const gaveUp = ending.gaveUp ?? this.#caller?.aborted === true;
    // An answer that says nothing of the instance may be quick or slow for reasons of its own; one that was given up took longer.
    const tells = this.#state === "running" && (outcome !== "ignore" || gaveUp);
    const tookMs = clock.now() - this.#startedAt;
    this.#state = "over";
    this.#release?.();
    const ok = outcome === "ignore" ? undefined : outcome === "success";
    this.#node.ended(tells ? tookMs : undefined, ok, this.#kind, this.#answeredMs !== undefined);
    this.#source.ended(this.id, this.#decision, CODES[outcome], ok, this.#answeredMs ?? tookMs);
    if (ending.heard ?? ok === true) this.#session.heard();
    this.#session.ended(this.#activeSince, ending.timedOut === true);
  }
}
