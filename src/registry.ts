import type { EventEmitter } from "node:events";
import type { Instance } from "./instance.js";

/** Puts an instance of a service into a backend and keeps it there. */
export interface Registrar {
  /**
   * Resolves once the instance is listed, or once the first attempt failed for a reason that may pass: the registrar
   * then keeps trying by itself and the registration emits `restored` when it has succeeded.
   * Rejects only for what no retry can mend (an empty service key, an address that is no address), or with the
   * signal's reason when aborted before the first attempt ended.
   */
  register(service: string, instance: Instance, options?: { signal?: AbortSignal }): Promise<Registration>;
}

/**
 * An instance's entry in a backend. Emits `lost` with the reason when the backend no longer lists the instance
 * (its lease expired, the backend is unreachable past the TTL) and `restored` when it does again.
 */
export interface Registration extends EventEmitter<{ lost: [reason: Error]; restored: [] }> {
  /** Whether the backend listed the instance when last heard of. */
  readonly listed: boolean;
  /**
   * Takes the instance out. Resolves when the backend has confirmed it, or when that failed within a few seconds
   * (then the lease runs out by itself, and a warning says so). Never rejects; later calls return the first promise.
   */
  deregister(): Promise<void>;
}

export interface WatchOptions {
  /** Ends the iteration and frees what it holds. */
  signal: AbortSignal;
  /**
   * Told in words why there is no fresh answer (the backend is unreachable, access is denied), once per change of
   * state, and `undefined` when answers are fresh again. For the messages of calls that wait.
   */
  onTrouble?: (trouble: Error | undefined) => void;
}

/** Watches a service and yields the whole current set of its instances on every change. */
export interface Discovery {
  /**
   * Yields the set first when the backend has answered for the first time (it may be empty), then on every change;
   * what changes faster than it is read is coalesced. Outages neither end nor throw: the last set stays true until
   * the backend answers again. Ends when the signal aborts. Throws only for what no retry can mend.
   */
  watch(service: string, options: WatchOptions): AsyncIterable<readonly Instance[]>;
  /**
   * Asks for a fresh answer soon, where answers are polled for: a connection has failed, so the last one may be stale.
   * Called often; it is the backend that limits the rate.
   */
  refresh?(service: string): void;
}

/** Where to look, as read from a target URL or from configuration. */
export interface Target {
  /** Name of the backend, for example `etcd`. */
  readonly scheme: string;
  /** Hosts of the backend, `host:port` each; empty where the backend needs none. */
  readonly hosts: readonly string[];
  /** Service key to watch or to register under. */
  readonly service: string;
  /** Query parameters of the URL (lower-case names), `key` excluded. */
  readonly params: Readonly<Record<string, string>>;
  /** Backend-specific settings that have no place in a URL (passwords, TLS files). */
  readonly settings?: unknown;
}

/** A place where instances are listed. Either half may be missing. */
export interface Backend {
  /** The instances that the target's hosts list. Called once a channel; connections are the backend's to share. */
  discovery?(target: Target): Discovery | Promise<Discovery>;
  /** Called once a server. */
  registrar?(target: Target): Registrar | Promise<Registrar>;
  /**
   * Reads the part of a target URL after `scheme:`, for backends whose URLs have a form of their own. Without it
   * `//h1,h2/service`, `///h1,h2?key=service` and `//h1,h2?key=service` are read.
   * @throws TypeError that says what is wrong with the target and what form is expected.
   */
  parse?(target: { authority: string; path: string; params: Readonly<Record<string, string>> }): Omit<Target, "scheme">;
}

type LazyBackend = () => Promise<Backend> | Backend;

const backends = new Map<string, Backend | LazyBackend>();
const listeners = new Set<(scheme: string) => void>();

/**
 * Makes a backend known under the scheme of its target URLs (`consul:///…`), for clients and servers alike.
 * A function is called when the scheme is first used, so that a heavy library is loaded only then.
 * Registering a scheme again replaces the backend for channels created afterwards.
 * @throws TypeError when the scheme is not a valid URL scheme.
 */
export function registerBackend(scheme: string, backend: Backend | LazyBackend): void {
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    throw new TypeError(
      `"${scheme}" cannot be a backend's scheme: use a lower-case letter, then letters, digits, "+", "." or "-"`,
    );
  }
  backends.set(scheme, backend);
  for (const listener of listeners) listener(scheme);
}

/**
 * The backend of a scheme, loaded if need be.
 * @throws Error that names the known schemes when there is none.
 */
export async function loadBackend(scheme: string): Promise<Backend> {
  checkScheme(scheme);
  const backend = backends.get(scheme)!;
  return typeof backend === "function" ? backend() : backend;
}

/** @throws Error that names the known schemes when no backend has this one. */
export function checkScheme(scheme: string): void {
  if (backends.has(scheme)) return;
  const known = [...backends.keys()].join(", ");
  throw new Error(`no backend is called "${scheme}": known are ${known}; registerBackend() adds one`);
}

/** How a backend reads its target URLs, when it has a way of its own and is not lazily loaded. */
export function parserOf(scheme: string): Backend["parse"] {
  const backend = backends.get(scheme);
  return typeof backend === "object" ? backend.parse?.bind(backend) : undefined;
}

/** Calls the listener for each scheme known now and each one registered later. */
export function onBackend(listener: (scheme: string) => void): void {
  listeners.add(listener);
  for (const scheme of backends.keys()) listener(scheme);
}
