import type { ChannelOptions } from "@grpc/grpc-js";

/** A target as grpc-js takes it apart. */
export interface TargetUri {
  readonly scheme?: string | undefined;
  /** Undefined where nothing stands between `//` and `/`, not even an empty text. */
  readonly authority?: string | undefined;
  readonly path: string;
}

/** The parts of a target that Rollcall resolves. */
export interface GrpcTarget {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

/** In front of a path it makes grpc-js see no host in it, and so nothing to ask a proxy for. */
const NO_HOST = "[]";

/** Where grpc-js says which target it has replaced by that of a proxy. */
const PROXIED_TARGET = "grpc.http_connect_target";

/**
 * What a target means to Rollcall, or undefined for those that stay with grpc-js: `host:port` and `dns:host:port`, as opposed
 * to `dns:///host:port`. Servers bind through such targets, and libraries that know nothing of Rollcall dial them.
 * A scheme that is written with capitals, or after a space, is no scheme to grpc-js, which takes the whole for a host name.
 */
export function rollcallTarget({ scheme = "dns", authority, path: given }: TargetUri): GrpcTarget | undefined {
  const path = given.startsWith(NO_HOST) ? given.slice(NO_HOST.length) : given;
  if (scheme !== "dns" || authority !== undefined) return { scheme, authority: authority ?? "", path };
  const [, written, rest] = /^\s*([A-Za-z][A-Za-z0-9+.-]*):(\/\/.*)$/.exec(path) ?? [];
  return written === undefined ? undefined : { scheme: written.toLowerCase(), authority: "", path: rest! };
}

/**
 * The target that grpc-js is about to ask a proxy for, if that is a registry's. A proxy knows nothing of registries, so the
 * target is resolved all the same. Names of DNS are left to the proxy, as they are without Rollcall.
 */
export function targetBehindProxy(options: ChannelOptions): GrpcTarget | undefined {
  const target = rollcallTarget(partsOf(options[PROXIED_TARGET]));
  return target?.scheme === "dns" ? undefined : target;
}

/**
 * Channel options that keep connections from the proxy. The target in them is still the one whose name TLS verifies, but it
 * names no host to ask a proxy for.
 */
export function pastProxy(options: ChannelOptions): ChannelOptions {
  const { scheme, authority, path } = partsOf(options[PROXIED_TARGET]);
  const start = `${scheme === undefined ? "" : `${scheme}:`}${authority === undefined ? "" : `//${authority}/`}`;
  return { [PROXIED_TARGET]: `${start}${NO_HOST}${path}` };
}

function partsOf(target: unknown): TargetUri {
  const [, scheme, authority, path = ""] =
    /^(?:([A-Za-z0-9+.-]+):)?(?:\/\/([^/]*)\/)?(.+)$/.exec(String(target ?? "")) ?? [];
  return { scheme, authority, path };
}
