/** What one request tells whoever follows it. */
export interface RequestEvents {
  /** The request is being sent; it may have effects from now on. */
  started(): void;
  /** Headers of the final answer. */
  answered(status: number): void;
  /** The answer is complete. */
  completed(): void;
  /** The connection speaks another protocol from now on. */
  upgraded(socket: unknown): void;
  /** @returns whether the failure is kept from the caller, because the request is made again. */
  failed(error: Error): boolean;
}

/** Handlers of requests are the caller's own. undici 6 calls these, and Node's fetch brings them to any version. */
const OLD = [
  "onConnect",
  "onError",
  "onUpgrade",
  "onResponseStarted",
  "onHeaders",
  "onData",
  "onComplete",
  "onBodySent",
];
/** undici 7 and later call these. */
const NEW = [
  "onRequestStart",
  "onRequestUpgrade",
  "onResponseStart",
  "onResponseData",
  "onResponseEnd",
  "onResponseError",
  "onRequestSent",
  "onBodySent",
];

type Method = (...args: never[]) => unknown;
export type Handler = Record<string, Method | undefined>;

/** A handler that tells `events` what happens, and has the methods that the given one has: undici looks which there are. */
export function followed(handler: Handler, events: RequestEvents): Handler {
  const follower: Handler = {};
  for (const name of isNew(handler) ? NEW : OLD) {
    const own = handler[name];
    if (typeof own === "function") follower[name] = (...args: never[]) => own.apply(handler, args);
  }
  const before = (name: string, tell: (...args: never[]) => unknown) => {
    const own = follower[name];
    if (!own) return;
    // What tells true is kept from the handler.
    follower[name] = (...args: never[]) => (tell(...args) === true ? undefined : own(...args));
  };
  before("onConnect", () => events.started());
  before("onRequestStart", () => events.started());
  before("onHeaders", (status: number) => events.answered(status));
  before("onResponseStart", (_controller: unknown, status: number) => events.answered(status));
  before("onComplete", () => events.completed());
  before("onResponseEnd", () => events.completed());
  before("onUpgrade", (_status: unknown, _headers: unknown, socket: unknown) => events.upgraded(socket));
  before("onRequestUpgrade", (_c: unknown, _status: unknown, _headers: unknown, socket: unknown) =>
    events.upgraded(socket),
  );
  before("onError", (error: Error) => events.failed(error));
  before("onResponseError", (_controller: unknown, error: Error) => events.failed(error));
  return follower;
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
