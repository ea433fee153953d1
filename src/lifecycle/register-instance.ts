import type { Server as NetServer } from "node:net";
import { registerBuiltInBackends } from "../backends/index.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import { checkNames, refuse, targetOf } from "../target/given.js";
import type { Bound } from "./bound.js";
import { boundAs, type InstanceToRegister } from "./instance-to-register.js";
import { DRAIN_MS, type Limits, WAIT_MS } from "./limits.js";
import { ServerLife } from "./server-life.js";

registerBuiltInBackends();

/** What a registration does with the server it stands for. A hook that throws or hangs is logged and passed over. */
export interface RegisterOptions {
  /**
   * Told `true` before the instance is listed (again), `false` after it was taken out: what a health check should say.
   * If `health(true)` throws, or has not ended within `waitMs` (3 s at least), registering fails with that.
   */
  readonly health?: ((serving: boolean) => unknown) | undefined;
  /** How long the server keeps answering after it was taken out, until every client has seen it. Milliseconds; default 1,000. */
  readonly drainMs?: number | undefined;
  /**
   * Takes no new calls, and tells when those under way have ended: returns a promise, or the server itself as `close()` of
   * node:http does (its `close` event is awaited); where it returns nothing, as that of node:http2 may, nothing is awaited, which is
   * warned about. Without it `stop()` ends after the drain, and signals are the application's.
   */
  readonly close?: (() => PromiseLike<unknown> | NetServer) | undefined;
  /** Ends what `close` has not ended in time, for example `server.closeAllConnections()`. */
  readonly kill?: (() => unknown) | undefined;
  /** How long `stop()` may take from its beginning, drain included; then `kill`. Milliseconds; default 5,500. */
  readonly waitMs?: number | undefined;
  /**
   * Stop on SIGTERM and SIGINT, and end the process then, unless the application listens for the signal itself. A second signal
   * ends at once. Needs `close`. Default true where `close` is given. In a worker thread there are no signals.
   */
  readonly signals?: boolean | undefined;
}

const OPTIONS = ["health", "drainMs", "close", "kill", "waitMs", "signals"];

/** A server that is listed. */
export interface RegisteredInstance {
  /** `host:port` as registered. Another one after the machine's address has changed. */
  readonly address: string;
  /** Takes it out of rotation without stopping it, and says so to `health`. Idempotent. @throws Error once it is stopped. */
  pause(): Promise<void>;
  /** Puts it back. Idempotent. @throws Error as pause(), and when the registry refuses for good; it then stays paused. */
  resume(): Promise<void>;
  /**
   * Takes it out, says so to `health`, waits `drainMs`, closes; what has not ended `waitMs` after the beginning is killed. Takes
   * no longer whatever the registry or a hook does. Never rejects; later calls return the first promise.
   */
  stop(): Promise<void>;
}

/**
 * Lists a server that already listens, made by anything: node:http, Fastify, Connect, nice-grpc, grpc-js. It is kept listed
 * until `stop()`: `await registerInstance("etcd:///10.0.0.5:2379?key=order.rpc", { port: 8080 }, { close: () => server.close() })`.
 *
 * Resolves when it is listed, or when the first attempt has failed for a reason that may pass, or is not over within
 * `waitMs` (3 s at least): it goes on in the background then, and a warning says why. Resolves too when a signal stops it meanwhile.
 * @param url target URL of the registry and the key to register under: `etcd:///h1:2379,h2:2379?key=order.rpc`; or its parts.
 * @throws TypeError when the URL, the instance or an option cannot be obeyed; Error when the registry refuses for good.
 */
export async function registerInstance(
  url: string | Target,
  instance: InstanceToRegister,
  options: RegisterOptions = {},
): Promise<RegisteredInstance> {
  const life = instanceLife(targetOf(url), instance, options);
  await life.start();
  return {
    get address() {
      return life.address!;
    },
    pause: () => life.pause(),
    resume: () => life.resume(),
    stop: () => life.stop(),
  };
}

/**
 * The life of a server that listens already, not begun yet.
 * @param target where it is listed; undefined where the platform lists it.
 * @param instance what others are told; or what it is bound to, where nobody is told.
 * @throws TypeError when the instance or an option cannot be obeyed.
 */
export function instanceLife(
  target: Target | undefined,
  instance: InstanceToRegister | Bound,
  options: RegisterOptions,
): ServerLife {
  checkNames("a registration", options, OPTIONS);
  const { health, close, kill, signals = close !== undefined } = options;
  for (const [name, hook] of Object.entries({ health, close, kill })) {
    if (hook !== undefined && typeof hook !== "function") refuse(name, hook, "a function");
  }
  if (typeof signals !== "boolean") refuse("signals", signals, "true or false");
  if (signals && !close)
    throw new TypeError("signals: true needs close, which ends the server before the process ends");
  const bound = isBound(instance) ? instance : boundAs(instance);
  const served = {
    bind: () => bound,
    ...(target && { facts: () => ({ service: target.service }) }),
    ...(health && { health }),
    ...(close && { close: () => awaitable(close(), bound.instance.address) }),
    ...(kill && { kill }),
  };
  return new ServerLife(target, served, limitsOf(options), signals);
}

/** What close() returned. Of nothing the end cannot be told, and the process would end before its calls. */
function awaitable<T>(ended: T, instance: string): T {
  if (ended === undefined)
    log.warn(
      { instance },
      "close() returned nothing, so calls under way are not waited for: return a promise, or the server",
    );
  return ended;
}

function isBound(given: object): given is Bound {
  return typeof given === "object" && given !== null && "instance" in given;
}

function limitsOf({ drainMs = DRAIN_MS, waitMs = WAIT_MS }: RegisterOptions): Limits {
  for (const [name, ms] of Object.entries({ drainMs, waitMs })) {
    if (typeof ms !== "number" || !(ms >= 0)) refuse(name, ms, "milliseconds, 0 or more");
  }
  if (drainMs === Number.POSITIVE_INFINITY) refuse("drainMs", drainMs, "an end: a stop goes on when the drain is over");
  if (drainMs > waitMs) refuse("drainMs", drainMs, `at most waitMs (${waitMs}), of which it is part`);
  return { drainMs, waitMs };
}
