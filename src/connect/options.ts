import type { ConnectionOptions } from "node:tls";
import type { Interceptor } from "@connectrpc/connect";
import type { ConnectTransportOptions } from "@connectrpc/connect-node";
import { COMMON_NAMES, type CommonOptions, DEFAULT_CONNECT_MS } from "../pool/options.js";
import type { Target } from "../registry.js";
import { authorityOf } from "../target/authority.js";
import { refuse } from "../target/given.js";
import { redactUrl } from "../target/redact.js";
import { CALL_OPTIONS, type CallOptions, callOptionsOf } from "./call-options.js";

export interface RollcallTransportOptions
  extends CallOptions,
    Pick<ConnectTransportOptions, "defaultTimeoutMs">,
    CommonOptions {
  /** Where the instances are listed: a target URL, or its parts. */
  readonly target: string | Target;
  /** What the servers speak. connect-node's servers speak all three. */
  readonly protocol: "connect" | "grpc" | "grpc-web";
  /** Default "2". gRPC needs "2". Without TLS, "2" is HTTP/2 with prior knowledge. */
  readonly httpVersion?: "2" | "1.1" | undefined;
  /**
   * The URL that calls are made to, as interceptors and servers see it; nothing is dialled by it. Its scheme says whether there
   * is TLS, its host is the name that certificates are verified against. Default `http://` (`https://` with `tls`) and the
   * service key's last part: `http://order.rpc`.
   */
  readonly baseUrl?: string | undefined;
  /** TLS, with these options of node:tls (`ca`, `cert`, `key`, ...); true for the system's. Default: as baseUrl says. */
  readonly tls?: ConnectionOptions | boolean | undefined;
  /** Run once for each call, outside of the choice of an instance. Default none. */
  readonly interceptors?: Interceptor[] | undefined;
}

/** The options there are. */
export const NAMES = [
  "target",
  "protocol",
  "httpVersion",
  "baseUrl",
  "tls",
  "interceptors",
  "defaultTimeoutMs",
  ...COMMON_NAMES,
  ...CALL_OPTIONS,
] as const satisfies readonly (keyof RollcallTransportOptions)[];

const PROTOCOLS = ["connect", "grpc", "grpc-web"] as const;

/** How instances are called, all of them alike. */
export interface Calling {
  readonly protocol: RollcallTransportOptions["protocol"];
  readonly httpVersion: "2" | "1.1";
  readonly baseUrl: string;
  /** Undefined for no TLS. */
  readonly tls: ConnectionOptions | undefined;
  readonly connectMs: number;
  readonly options: CallOptions;
}

/** @throws TypeError that names the option and the expected form. */
export function callingOf(given: RollcallTransportOptions, target: Target): Calling {
  checkOwnOptions(given);
  const { protocol, httpVersion = "2", tls, connectMs = DEFAULT_CONNECT_MS } = given;
  const options = { useBinaryFormat: true, ...callOptionsOf(given) };
  if (!PROTOCOLS.includes(protocol)) refuse("protocol", protocol, PROTOCOLS.join(", "));
  if (httpVersion !== "2" && httpVersion !== "1.1") refuse("httpVersion", httpVersion, '"2" or "1.1"');
  if (protocol === "grpc" && httpVersion !== "2") refuse("httpVersion", httpVersion, '"2", which gRPC needs');
  const url = baseUrlOf(given, target);
  if (url.startsWith("http:") && tls)
    refuse("tls", tls, `none, or a baseUrl that begins with https:, which ${redactUrl(url)} does not`);
  if (url.startsWith("https:") && tls === false)
    refuse("tls", tls, `true or options, because baseUrl is ${redactUrl(url)}`);
  const secure = url.startsWith("https:") ? (typeof tls === "object" ? tls : {}) : undefined;
  return { protocol, httpVersion, baseUrl: url, tls: secure, connectMs, options };
}

/** @throws TypeError before Connect's own transports, made for each instance, would fail each call. */
function checkOwnOptions({ tls, interceptors, defaultTimeoutMs }: RollcallTransportOptions): void {
  // Its text is not shown: it may be a key.
  if (tls !== undefined && typeof tls !== "boolean" && (typeof tls !== "object" || tls === null))
    throw new TypeError("tls is none of what it may be: true, false or options of node:tls");
  if (interceptors !== undefined && !(Array.isArray(interceptors) && interceptors.every(isFunction)))
    refuse("interceptors", interceptors, "a list of functions");
  if (defaultTimeoutMs !== undefined && (typeof defaultTimeoutMs !== "number" || Number.isNaN(defaultTimeoutMs)))
    refuse("defaultTimeoutMs", defaultTimeoutMs, "milliseconds, 0 for no limit");
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function baseUrlOf({ baseUrl, tls }: RollcallTransportOptions, target: Target): string {
  if (baseUrl === undefined) return `${tls ? "https" : "http"}://${authorityOf(target)}`;
  if (typeof baseUrl === "string" && /^https?:\/\/./.test(baseUrl) && URL.canParse(baseUrl))
    return baseUrl.replace(/\/$/, "");
  return refuse("baseUrl", baseUrl, "a URL such as https://order.internal");
}
