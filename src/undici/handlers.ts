/** What one request tells whoever follows it. */
export interface RequestEvents {
  /**
   * The request is about to be sent; it may have effects from now on.
   * @returns false when its caller gave it up before: then it must not be sent.
   */
  started(): boolean;
  /** Headers of the final answer. */
  answered(status: number): void;
  /** The answer is complete. */
  completed(): void;
  /** The connection speaks another protocol from now on. */
  upgraded(socket: unknown): void;
  /** The caller gives the request up. */
  aborted(): void;
  /** The caller's handler has thrown: undici ends the request with that. */
  threw(): void;
  /** What the caller gave as the reason, where started() was answered by false. */
  readonly abortReason: unknown;
  /**
   * @param error anything: callers abort with reasons of their own.
   * @param aborted whether the caller gave the request up.
   * @returns whether the failure is kept from the caller, because the request is made again.
   */
  failed(error: unknown, aborted: boolean): boolean;
}

/** Of handlers of the newer kind. */
interface Controller {
  readonly aborted?: boolean;
  abort(reason?: unknown): void;
}

type Method = (...args: never[]) => unknown;
/** Handlers of requests are the caller's own. */
export type Handler = Record<string, Method | undefined>;
type Called = Record<string, (...args: unknown[]) => unknown>;

/** What a handler may lack; undici looks which methods there are. */
const OLD_OPTIONAL = ["onUpgrade", "onResponseStarted", "onBodySent", "onRequestSent"] as const;
const NEW_OPTIONAL = [
  "onRequestUpgrade",
  "onResponseStart",
  "onResponseData",
  "onResponseEnd",
  "onBodySent",
  "onRequestSent",
] as const;

/** A handler that tells `events` what happens, and has the methods that the given one has. */
export function followed(handler: Handler, events: RequestEvents): Handler {
  const own = handler as Called;
  const follower = isNew(handler) ? new NewFollower(own, events) : new OldFollower(own, events);
  return follower as unknown as Handler;
}

/** Assigned rather than defined, which would make every follower an object of a shape of its own. */
function hideMissing(follower: object, own: Called, optional: readonly string[]): void {
  for (const name of optional) {
    if (typeof own[name] !== "function") (follower as Record<string, unknown>)[name] = undefined;
  }
}

function asked(events: RequestEvents, call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    events.threw();
    throw error;
  }
}

/** undici 6 calls these, and Node's fetch brings them to any version. */
class OldFollower {
  readonly #own: Called;
  readonly #events: RequestEvents;
  #aborted = false;

  constructor(own: Called, events: RequestEvents) {
    this.#own = own;
    this.#events = events;
    hideMissing(this, own, OLD_OPTIONAL);
  }

  onConnect(abort: (reason?: unknown) => void, context: unknown): unknown {
    const noted = (reason?: unknown) => {
      this.#aborted = true;
      abort(reason);
      this.#events.aborted();
    };
    if (!this.#events.started()) return noted(this.#events.abortReason);
    return asked(this.#events, () => this.#own.onConnect?.(noted, context));
  }

  onResponseStarted(): unknown {
    return this.#own.onResponseStarted?.();
  }

  onHeaders(status: number, headers: unknown, resume: unknown, text: unknown): unknown {
    this.#events.answered(status);
    return asked(this.#events, () => this.#own.onHeaders?.(status, headers, resume, text));
  }

  onData(chunk: unknown): unknown {
    return asked(this.#events, () => this.#own.onData?.(chunk));
  }

  onComplete(trailers: unknown): unknown {
    this.#events.completed();
    return this.#own.onComplete?.(trailers);
  }

  onUpgrade(status: unknown, headers: unknown, socket: unknown): unknown {
    this.#events.upgraded(socket);
    return this.#own.onUpgrade?.(status, headers, socket);
  }

  onBodySent(...args: unknown[]): unknown {
    return this.#own.onBodySent?.(...args);
  }

  onRequestSent(...args: unknown[]): unknown {
    return this.#own.onRequestSent?.(...args);
  }

  onError(error: unknown): unknown {
    return this.#events.failed(error, this.#aborted) ? undefined : this.#own.onError?.(error);
  }
}

/** undici 7 and later call these. */
class NewFollower {
  readonly #own: Called;
  readonly #events: RequestEvents;

  constructor(own: Called, events: RequestEvents) {
    this.#own = own;
    this.#events = events;
    hideMissing(this, own, NEW_OPTIONAL);
  }

  onRequestStart(controller: Controller, context: unknown): unknown {
    if (!this.#events.started()) return controller.abort(this.#events.abortReason);
    return asked(this.#events, () => this.#own.onRequestStart?.(controller, context));
  }

  onRequestUpgrade(controller: Controller, status: unknown, headers: unknown, socket: unknown): unknown {
    this.#events.upgraded(socket);
    // Nothing is told of an abort after an upgrade; the caller has had the controller since the request began.
    const abort = controller.abort;
    controller.abort = (reason) => {
      abort.call(controller, reason);
      this.#events.aborted();
    };
    return this.#own.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStart(controller: unknown, status: number, headers: unknown, text: unknown): unknown {
    this.#events.answered(status);
    return asked(this.#events, () => this.#own.onResponseStart?.(controller, status, headers, text));
  }

  onResponseData(controller: unknown, chunk: unknown): unknown {
    return asked(this.#events, () => this.#own.onResponseData?.(controller, chunk));
  }

  onResponseEnd(controller: unknown, trailers: unknown): unknown {
    this.#events.completed();
    return this.#own.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller | null | undefined, error: unknown): unknown {
    return this.#events.failed(error, controller?.aborted === true)
      ? undefined
      : this.#own.onResponseError?.(controller, error);
  }

  onBodySent(...args: unknown[]): unknown {
    return this.#own.onBodySent?.(...args);
  }

  onRequestSent(...args: unknown[]): unknown {
    return this.#own.onRequestSent?.(...args);
  }
}

/** Tells a handler that its request has failed before anything else happened to it. */
export function fail(handler: Handler, controller: unknown, error: Error): void {
  const tell = (isNew(handler) ? handler.onResponseError : handler.onError) as
    | ((...args: unknown[]) => void)
    | undefined;
  if (isNew(handler)) tell?.call(handler, controller, error);
  else tell?.call(handler, error);
}

export function isNew(handler: Handler): boolean {
  return typeof handler.onRequestStart === "function" || typeof handler.onResponseError === "function";
}
