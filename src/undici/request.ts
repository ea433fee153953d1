import { formatAddress, type HostPort } from "../address.js";
import type { ConnectContext } from "../pool/options.js";

/** An instance whose port has accepted a connection. */
export class Door {
  readonly lost: ConnectContext["lost"];
  readonly #http: string;
  readonly #https: string;

  constructor(address: HostPort, lost: ConnectContext["lost"]) {
    this.lost = lost;
    this.#http = `http://${formatAddress(address)}`;
    this.#https = `https://${formatAddress(address)}`;
  }

  origin(protocol: string): string {
    return protocol === "https:" ? this.#https : this.#http;
  }
}

/** Whom a request is for, as its URL has it. */
export interface Origin {
  /** `http://order.http` */
  readonly origin: string;
  readonly protocol: string;
  readonly host: string;
}

/** What undici's dispatch is given, as far as it is looked at here. */
export interface DispatchOptions {
  readonly origin?: string | URL;
  readonly method: string;
  readonly path: string;
  readonly headers?: unknown;
  readonly body?: unknown;
  /** Of undici 6. */
  readonly maxRedirections?: number;
}

/** The same request, to the address of an instance; the server still sees the host that the caller named, and so does TLS. */
export function sentTo<O extends DispatchOptions>(options: O, { protocol, host }: Origin, door: Door): O {
  return { ...options, origin: door.origin(protocol), headers: withHost(options.headers, host) };
}

/** Headers come as pairs in a row, as names with values, or as pairs that are iterated. */
function withHost(headers: unknown, host: string): unknown {
  if (headers === undefined || headers === null) return { host };
  if (Array.isArray(headers)) {
    const names = headers.filter((_, at) => at % 2 === 0);
    return names.some(isHost) ? headers : [...headers, "host", host];
  }
  if (typeof (headers as Iterable<unknown>)[Symbol.iterator] === "function") {
    const pairs = [...(headers as Iterable<[unknown, unknown]>)];
    return pairs.some(([name]) => isHost(name)) ? pairs.flat() : [...pairs.flat(), "host", host];
  }
  const names = headers as Record<string, unknown>;
  // What is undefined undici leaves out. Spread, the copy would cost ten times as much.
  const named = Object.keys(names).some((name) => isHost(name) && names[name] !== undefined);
  return named ? names : Object.assign({}, names, { host });
}

function isHost(name: unknown): boolean {
  return String(name).toLowerCase() === "host";
}
