import type { HostPort } from "../address.js";
import type { Outcome } from "../balancer/outcome.js";
import type { Instance } from "../instance.js";
import type { Target } from "../registry.js";
import { checkNames, refuse } from "../target/given.js";

/**
 * What an exchange that failed says of its instance: an Outcome, or `not started`, which says that the instance cannot have
 * begun the work. Such an exchange is made once more, elsewhere.
 */
export type FailureOutcome = Outcome | "not started";

/** What `connect` is told of the connection to make. */
export interface ConnectContext {
  /** Where to connect: an IP address, also where the instance is listed by a host name, and a port. */
  readonly address: HostPort;
  /** Aborts when the connection is not wanted any more, or has not come about within `connectMs`. */
  readonly signal: AbortSignal;
  /**
   * To be called when the connection is over or takes no new exchanges: the instance gets none until `connect` has
   * succeeded again, which is tried with a growing wait. Exchanges under way may go on. May be called often.
   */
  readonly lost: (reason?: string) => void;
}

export interface PoolOptions<T> {
  /**
   * Connects to an instance; the instance gets exchanges once this has resolved. What it throws is a failed attempt, and is
   * repeated with a wait of 250 ms, doubling to 5 s.
   */
  connect(instance: Instance, context: ConnectContext): T | PromiseLike<T>;
  /** Ends a connection, after its last exchange. What it throws is logged; one that has not ended in 5 s is no longer waited for. */
  close?: ((connection: T) => unknown) | undefined;
  /**
   * What an error of an exchange says of the instance. Not asked where the caller's own signal has aborted. Default: a failure,
   * or `not started` for errors of the connect phase (`outcomeOfError`), so too where it throws or says none of these; but not after the
   * exchange has called `answered()`, nor where the error names another address than the instance's: what else the exchange connects to
   * says nothing of it.
   */
  outcome?: ((error: unknown) => FailureOutcome) | undefined;
  /**
   * Asks over a connection whether anybody is at its other end; any end of the promise is an answer, a rejection too. With it,
   * a connection whose exchanges get no answer for 2 s is probed, and one that stays silent for another 2 s is replaced; one on which
   * nothing has passed for 10 s is probed before its next exchange. Without it a frozen host is noticed only by failed exchanges.
   */
  probe?: ((connection: T, signal: AbortSignal) => PromiseLike<unknown>) | undefined;
  /** The zone of this client, whose instances are preferred. Default "": none is. */
  zone?: string | undefined;
  /** Connect to so many of the instances only; 0 means all, up to 500. Default 0. */
  subset?: number | undefined;
  /** How long one attempt to connect may take. Milliseconds; default 10,000. */
  connectMs?: number | undefined;
  /**
   * How long an exchange waits for an instance while none can be used, beside its own signal. Milliseconds; default
   * 10,000; Infinity for no limit.
   */
  waitMs?: number | undefined;
  /**
   * Say in the etcd that lists the instances that this process calls their service, and where its metrics are: `rollcall console`
   * draws who calls whom from it. Refused for a target that another registry lists. Default false.
   */
  presence?: boolean | undefined;
}

/** What does not depend on the connections: the adapters have it too. */
export const COMMON_NAMES = ["zone", "subset", "connectMs", "waitMs", "presence"] as const;
export type CommonOptions = Pick<PoolOptions<unknown>, (typeof COMMON_NAMES)[number]>;

export function commonOptions({ zone, subset, connectMs, waitMs, presence }: CommonOptions): CommonOptions {
  return { zone, subset, connectMs, waitMs, presence };
}

const NAMES = ["connect", "close", "outcome", "probe", ...COMMON_NAMES] as const;
export const DEFAULT_CONNECT_MS = 10_000;
const DEFAULT_WAIT_MS = 10_000;

/** The options with their defaults. */
export type PoolSettings<T> = PoolOptions<T> & {
  readonly zone: string;
  readonly subset: number;
  readonly connectMs: number;
  readonly waitMs: number;
  readonly presence: boolean;
};

/** @throws TypeError that names the option and the expected form. */
export function checkOptions<T>(options: PoolOptions<T>, { scheme }: Target): PoolSettings<T> {
  checkNames("a pool", options, NAMES);
  if (typeof options.connect !== "function")
    refuse("connect", options.connect, "a function that connects to an instance");
  for (const name of ["close", "outcome", "probe"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function") refuse(name, options[name], "a function");
  }
  const { zone = "", subset = 0, connectMs = DEFAULT_CONNECT_MS, waitMs = DEFAULT_WAIT_MS, presence = false } = options;
  if (typeof zone !== "string") refuse("zone", zone, "the name of a zone");
  if (!Number.isInteger(subset) || subset < 0)
    refuse("subset", subset, "a whole number, 0 for all instances up to 500");
  if (typeof connectMs !== "number" || !(connectMs > 0)) refuse("connectMs", connectMs, "milliseconds above 0");
  if (typeof waitMs !== "number" || !(waitMs >= 0)) refuse("waitMs", waitMs, "milliseconds, 0 or more");
  if (typeof presence !== "boolean") refuse("presence", presence, "true or false");
  if (presence && scheme !== "etcd" && scheme !== "discov")
    throw new TypeError("presence is for targets that etcd lists; give one that begins with etcd:, or leave it out");
  return { ...options, zone, subset, connectMs, waitMs, presence };
}
