import type { Session, Stream } from "../session.js";

/** Seconds of silence after which etcd is asked for a word, each time again, and after which the stream is given up. */
const ASK_AFTER_TICKS = 4;
export const SILENT_AFTER_TICKS = 11;

export interface SilenceHandlers {
  /** etcd is to be asked for a word. */
  ask(): void;
  /** @param othersHeard whether something else was heard of the session meanwhile. */
  silent(othersHeard: boolean): void;
}

/**
 * Notices that a watch stream has fallen silent. Ticks are counted, not the clock read: a clock that jumps or an event loop
 * that stalls is no silence of etcd's.
 */
export class StreamSilence {
  readonly #stream: Pick<Stream<never>, "heardBytes">;
  readonly #session: Pick<Session, "heard">;
  readonly #handlers: SilenceHandlers;
  readonly #ticker: NodeJS.Timeout;
  #ticks = 0;
  #heardBytes = 0;
  /** What the session had heard when the stream was last heard. */
  #heardBefore = 0;
  #answers = false;

  constructor(stream: Pick<Stream<never>, "heardBytes">, session: Pick<Session, "heard">, handlers: SilenceHandlers) {
    this.#stream = stream;
    this.#session = session;
    this.#handlers = handlers;
    this.#ticker = setInterval(() => this.#tick(), 1_000);
    this.#ticker.unref?.();
  }

  get seconds(): number {
    return this.#ticks;
  }

  /** etcd has answered when it was asked: one that never does may be silent. */
  answered(): void {
    this.#answers = true;
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  #tick(): void {
    const { heardBytes } = this.#stream;
    if (heardBytes !== this.#heardBytes) {
      this.#heardBytes = heardBytes;
      this.#heardBefore = this.#session.heard;
      this.#ticks = 0;
    }
    this.#ticks += 1;
    if (this.#ticks >= SILENT_AFTER_TICKS && this.#answers) {
      this.#handlers.silent(this.#session.heard !== this.#heardBefore);
    } else if (this.#ticks % ASK_AFTER_TICKS === 0) {
      this.#handlers.ask();
    }
  }
}
