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
 * (its lease expired, the backend is unreachable past the TTL) and at every change of that reason, and `restored` when it
 * is listed (again). A server logs both, unless the backend `logsRegistrations`.
 */
export interface Registration extends EventEmitter<{ lost: [reason: Error]; restored: [] }> {
  /** Whether the backend listed the instance when last heard of. */
  readonly listed: boolean;
  /** Why it is not listed, as far as that is known; read where the first attempt has failed. */
  readonly trouble?: Error | undefined;
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
  /**
   * The watch does not keep the process alive: a client that is never closed must not. Default false: a program that does
   * nothing but read a watch lives.
   */
  background?: boolean;
}

/** Watches a service and yields the whole current set of its instances on every change. */
export interface Discovery {
  /**
   * Yields the set first when the backend has answered for the first time (it may be empty), then on every change;
   * what changes faster than it is read is coalesced. Outages neither end nor throw: the last set stays true until
   * the backend answers again. Ends when the signal aborts. Throws only for what no retry can mend; it is watched again all the
   * same, with growing waits, as it is where the watch ends by itself.
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
  /**
   * The parts of a URL that only its backend can read, which is not loaded yet; hosts, service and params are a guess.
   * A backend never sees it: its `parse` has read the URL by then.
   */
  readonly unread?: TargetParts;
}

/** A place where instances are listed. Either half may be missing. */
export interface Backend {
  /** Whether it says in Rollcall's log itself what becomes of its registrations. Default false: servers say it for it. */
  readonly logsRegistrations?: boolean;
  /**
   * The instances that the target's hosts list. Called once a channel, however often that goes idle and comes back, and again
   * after it was rejected; connections are the backend's to share.
   */
  discovery?(target: Target): Discovery | Promise<Discovery>;
  /** Called once a server, however often that is paused and resumed, and again after it was rejected. */
  registrar?(target: Target): Registrar | Promise<Registrar>;
  /**
   * Reads the part of a target URL after `scheme:`, for backends whose URLs have a form of their own. Without it
   * `//h1,h2/service`, `///h1,h2?key=service` and `//h1,h2?key=service` are read. Of a backend that is loaded on demand it
   * is called once the backend is loaded, unless registerBackend() is given a form to read URLs by before that.
   * @throws TypeError that says what is wrong with the target and what form is expected.
   */
  parse?(parts: TargetParts): Omit<Target, "scheme">;
}

/** A target URL taken apart: everything after the scheme, decoded, without leading slashes. */
export interface TargetParts {
  readonly authority: string;
  readonly path: string;
  /** Query parameters; names in lower case. */
  readonly params: Readonly<Record<string, string>>;
}
