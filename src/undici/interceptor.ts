import type { Outcome } from "../balancer/outcome.js";
import { asked } from "../pool/asked.js";
import { knock } from "../pool/knock.js";
import { COMMON_NAMES, type CommonOptions, commonOptions } from "../pool/options.js";
import { isOutcome } from "../pool/outcome.js";
import { ServicePool } from "../pool/pool.js";
import type { PoolStats } from "../pool/stats.js";
import type { Target } from "../registry.js";
import { checkNames, refuse } from "../target/given.js";
import { BalancedRequest, type Dispatch } from "./balanced-request.js";
import { fail, type Handler } from "./handlers.js";
import { outcomeOfStatus } from "./outcome.js";
import { type DispatchOptions, Door, type Origin } from "./request.js";

export interface RollcallInterceptorOptions extends CommonOptions {
  /**
   * Only requests to these origins are balanced (`http://order.http`), others pass by: for a dispatcher that serves the whole
   * program. Default: all requests.
   */
  readonly origins?: readonly string[] | undefined;
  /** What an answer of this status says of its instance. Default: 5xx and 429 are failures; 408, 425 and 499 say nothing. */
  readonly outcome?: ((status: number) => Outcome) | undefined;
  /** What requests of about the same cost have in common; few and fixed. Default: their method. */
  readonly kind?: ((request: { readonly method: string; readonly path: string }) => string | undefined) | undefined;
}

/** For `new Agent().compose(...)`. */
export interface RollcallInterceptor {
  <D extends (options: never, handler: never) => boolean>(dispatch: D): D;
  /** The instances, how they are connected and what the balancer knows of them. */
  stats(): PoolStats;
  /** Takes no further requests; resolves when those under way have ended. The dispatcher has its own close(). Idempotent. */
  close(): Promise<void>;
}

const NAMES = ["origins", "outcome", "kind", ...COMMON_NAMES] as const;

/** A Client and a Pool connect to where they were made for, whatever origin a request names: nothing could be balanced. */
const NO_ORIGIN =
  "the request names no origin: rollcallInterceptor goes with new Agent().compose(...), and requests by a whole URL; a Client or a Pool speaks to one server alone";

/** Agents of undici 6 would follow redirects beneath the interceptor: to the one instance that answered, by its address. */
const REDIRECTED =
  "maxRedirections cannot be obeyed for balanced requests: compose interceptors.redirect({ maxRedirections }) behind rollcallInterceptor instead";

/**
 * Sends each request of an undici dispatcher, and so of fetch, to a lightly loaded instance of a service. The server still sees the
 * host of the request's URL, and TLS verifies that name. An instance is used once its port has accepted a connection; one
 * that cannot be connected to gets nothing until it can, and its request goes to another one.
 * @param target a target URL, or its parts.
 * @throws TypeError when the target or an option cannot be obeyed.
 */
export function rollcallInterceptor(
  target: string | Target,
  options: RollcallInterceptorOptions = {},
): RollcallInterceptor {
  const origins = checkOrigins(options);
  const outcome = asked("outcome", options.outcome ?? outcomeOfStatus, isOutcome, outcomeOfStatus);
  const kind = asked<DispatchOptions, string | undefined>("kind", options.kind ?? methodOf, isText, methodOf);
  const pool = new ServicePool<Door>(target, {
    connect: async (_instance, { address, signal, lost }) => {
      await knock(address, signal);
      return new Door(address, lost);
    },
    ...commonOptions(options),
  });
  const intercept = (dispatch: Dispatch): Dispatch => {
    const balancing = { pool, dispatch, outcome };
    return (request: DispatchOptions, handler: Handler) => {
      if (!request.origin) {
        fail(handler, null, new TypeError(NO_ORIGIN));
        return true;
      }
      const origin = originOf(request);
      if (!origin || (origins && !origins.has(origin.origin))) return dispatch(request, handler);
      if (request.maxRedirections) {
        fail(handler, null, new TypeError(REDIRECTED));
        return true;
      }
      return new BalancedRequest(balancing, request, origin, handler, kind(request)).send();
    };
  };
  return Object.assign(intercept as unknown as RollcallInterceptor, {
    stats: () => pool.stats(),
    close: () => pool.close(),
  });
}

const parsed = new Map<string, Origin>();
/** Programs have few origins. The bound is for those that make them up as they go. */
const MOST_ORIGINS = 100;

/** Undefined for what undici itself is to refuse. */
function originOf({ origin: given }: DispatchOptions): Origin | undefined {
  if (typeof given !== "string" && !(given instanceof URL)) return undefined;
  const text = String(given);
  const known = parsed.get(text);
  if (known || !URL.canParse(text)) return known;
  // Read once: what a URL answers it works out each time.
  const { origin, protocol, host } = new URL(text);
  const found: Origin = { origin, protocol, host };
  if (parsed.size < MOST_ORIGINS) parsed.set(text, found);
  return found;
}

function isText(kind: unknown): boolean {
  return typeof kind === "string";
}

function methodOf({ method }: DispatchOptions): string {
  return method;
}

function checkOrigins(options: RollcallInterceptorOptions): ReadonlySet<string> | undefined {
  checkNames("the interceptor", options, NAMES);
  for (const name of ["outcome", "kind"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function") refuse(name, options[name], "a function");
  }
  const { origins } = options;
  if (origins === undefined) return undefined;
  if (!Array.isArray(origins)) return refuse("origins", origins, 'a list such as ["http://order.http"]');
  return new Set(
    origins.map((origin: string) => {
      if (typeof origin !== "string" || !/^https?:\/\//i.test(origin) || !URL.canParse(origin)) {
        return refuse("origins", origin, "origins such as http://order.http");
      }
      return new URL(origin).origin;
    }),
  );
}
