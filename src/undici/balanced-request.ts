import type { Duplex } from "node:stream";
import type { Outcome } from "../balancer/outcome.js";
import { safely } from "../log.js";
import type { PoolLease } from "../pool/lease.js";
import type { ServicePool } from "../pool/pool.js";
import { isStream, remembering } from "./body.js";
import { answeredBy, failureOf } from "./failure.js";
import { fail, followed, type Handler, isNew, type RequestEvents } from "./handlers.js";
import { type DispatchOptions, type Door, type Origin, sentTo } from "./request.js";

export type Dispatch = (options: DispatchOptions, handler: Handler) => boolean;

export interface Balancing {
  readonly pool: ServicePool<Door>;
  readonly dispatch: Dispatch;
  readonly outcome: (status: number) => Outcome;
}

/** A request on its way to one instance and, where it provably did not begin there, to another one. */
export class BalancedRequest implements RequestEvents {
  readonly #balancing: Balancing;
  readonly #options: DispatchOptions;
  readonly #origin: Origin;
  readonly #handler: Handler;
  readonly #kind: string | undefined;
  #lease: PoolLease<Door> | undefined;
  #tried: Set<string> | undefined;
  #started = false;
  #threw = false;
  /** What the answer says of the instance; undefined until its headers have come. */
  #outcome: Outcome | undefined;
  #upgraded: Duplex | undefined;
  /** Of a request that could not be sent at once: aborts when it is given up before it is sent, or its body fails. */
  #unsent: AbortController | undefined;
  #leaveBody: (() => void) | undefined;
  /** What handlers of the newer kind are given of a request that has not been sent. */
  #controller: unknown;

  constructor(
    balancing: Balancing,
    options: DispatchOptions,
    origin: Origin,
    handler: Handler,
    kind: string | undefined,
  ) {
    this.#balancing = balancing;
    const body = remembering(options.body);
    this.#options = body === options.body ? options : { ...options, body };
    this.#origin = origin;
    this.#handler = handler;
    this.#kind = kind;
  }

  send(): boolean {
    if (this.#unsent?.signal.aborted) return this.#fail(this.abortReason);
    const lease = this.#balancing.pool.take({ kind: this.#kind }, this.#tried);
    if (lease) return this.#dispatch(lease);
    void this.#wait();
    return true;
  }

  started(): boolean {
    this.#started = true;
    return !this.#unsent?.signal.aborted;
  }

  get abortReason(): unknown {
    return this.#unsent?.signal.reason;
  }

  answered(status: number): void {
    // 101 comes as an upgrade; other 1xx are no answer yet.
    if (status < 200) return;
    this.#outcome = this.#balancing.outcome(status);
    if (this.#outcome === "success") this.#lease?.markAnswered();
  }

  completed(): void {
    this.#lease?.finish(this.#outcome, { heard: true });
  }

  upgraded(socket: unknown): void {
    this.#lease?.markAnswered();
    this.#upgraded = socket as Duplex;
    this.#upgraded.once("close", () => this.#lease?.finish("success"));
  }

  /** Of a connection that was upgraded nobody else would hear: a WebSocket whose handshake is wrong leaves it open. */
  aborted(): void {
    const socket = this.#upgraded;
    if (!socket || socket.destroyed) return;
    this.#lease?.finish("ignore");
    socket.end(() => socket.destroy());
  }

  /** Its caller's doing, as an abort is. */
  threw(): void {
    this.#threw = true;
  }

  failed(error: unknown, isAborted: boolean): boolean {
    const lease = this.#lease;
    if (!lease) return false;
    const status = answeredBy(error);
    if (status !== undefined) {
      this.answered(status);
      this.completed();
      return false;
    }
    const { body } = this.#options;
    const aborted = isAborted || this.#threw;
    const came = { started: this.#started, answered: this.#outcome !== undefined, aborted, body };
    const { outcome, timedOut, elsewhere } = failureOf(error, came);
    // An answer that was a failure stays one, though its caller leaves it there: undici's retry does, and who does not read its body.
    lease.finish(this.#outcome === "failure" ? "failure" : outcome, { timedOut, gaveUp: aborted });
    if (!elsewhere) return false;
    // Who refuses a stream can be connected to.
    if (!this.#started) lease.connection.lost(error instanceof Error ? error.message : undefined);
    if (this.#tried) return false;
    this.#tried = new Set([lease.id]);
    this.#lease = undefined;
    this.#started = false;
    this.#watchBody();
    // Not from within the dispatcher's own handling of the failure, which must come to its end first.
    queueMicrotask(() => this.send());
    return true;
  }

  #dispatch(lease: PoolLease<Door>): boolean {
    this.#lease = lease;
    const { dispatch } = this.#balancing;
    try {
      const goesOn = dispatch(sentTo(this.#options, this.#origin, lease.connection), followed(this.#handler, this));
      this.#leaveBody?.();
      return goesOn;
    } catch (error) {
      lease.finish("ignore");
      return this.#fail(error);
    }
  }

  /** The caller may abort meanwhile: it is told how before, as it is told again when the request is sent. */
  async #wait(): Promise<void> {
    const abort = this.#watchBody();
    try {
      this.#controller ??= new WaitingController(abort);
      this.#offerAbort(abort);
      const lease = await this.#balancing.pool.acquire({ kind: this.#kind, signal: abort.signal }, this.#tried);
      this.#dispatch(lease);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): false {
    this.#leaveBody?.();
    // No dispatcher stands around this, which would catch what a handler throws.
    safely("the handler of a request", () => fail(this.#handler, this.#controller, error as Error));
    return false;
  }

  /** undici hears of a body that fails once it has the request; before, nobody would, and that ends the process. */
  #watchBody(): AbortController {
    this.#unsent ??= new AbortController();
    const abort = this.#unsent;
    const { body } = this.#options;
    if (this.#leaveBody || !isStream(body)) return abort;
    const failed = (error: Error) => abort.abort(error);
    body.on("error", failed);
    this.#leaveBody = () => {
      this.#leaveBody = undefined;
      body.removeListener("error", failed);
    };
    return abort;
  }

  #offerAbort(abort: AbortController): void {
    const handler = this.#handler as Record<string, ((...args: unknown[]) => void) | undefined>;
    if (isNew(this.#handler)) handler.onRequestStart?.(this.#controller, {});
    else handler.onConnect?.((reason: unknown) => abort.abort(reason ?? abortError()), null);
  }
}

/** What undici's newer handlers are given, of a request that has not been sent. */
class WaitingController {
  readonly rawHeaders = null;
  readonly rawTrailers = null;
  readonly paused = false;
  readonly #abort: AbortController;

  constructor(abort: AbortController) {
    this.#abort = abort;
  }

  get aborted(): boolean {
    return this.#abort.signal.aborted;
  }

  get reason(): unknown {
    return this.#abort.signal.aborted ? this.#abort.signal.reason : null;
  }

  abort(reason?: unknown): void {
    this.#abort.abort(reason ?? abortError());
  }

  pause(): void {}

  resume(): void {}
}

function abortError(): DOMException {
  return new DOMException("The request was aborted", "AbortError");
}
