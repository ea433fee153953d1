import { isIPv6 } from "node:net";

/** A host (name or IP address, IPv6 without brackets) and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `1.2.3.4:port` or `[v6]:port`.
 * @throws TypeError that quotes the text and says what is wrong with it.
 */
export function parseAddress(text: string): HostPort {
  const fail = (why: string): never => {
    throw new TypeError(`${quote(text)} is not an address: ${why}; expected host:port, for example 10.0.0.1:8080`);
  };
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(text);
  if (!match) {
    if (isIPv6(text)) fail("an IPv6 address needs brackets before its port");
    return fail(text.includes(":") ? "it has too many colons" : "it has no port");
  }
  const [, bracketed, plain, portText] = match as unknown as [string, string | undefined, string | undefined, string];
  const host = bracketed ?? plain ?? "";
  if (host === "") fail("it has no host");
  if (bracketed !== undefined && !isIPv6(host)) fail("what stands in brackets is not an IPv6 address");
  if (bracketed === undefined && !isHostName(host)) fail("its host has characters that no host name may have");
  if (!/^\d{1,5}$/.test(portText)) fail("its port is not a number");
  const port = Number(portText);
  if (port < 1 || port > 65535) fail("its port is not between 1 and 65535");
  return { host, port };
}

/** `host:port`, with brackets round an IPv6 host. The inverse of parseAddress. */
export function formatAddress({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A DNS name or an IPv4 address; underscores are allowed because Docker Compose and SRV names use them. */
function isHostName(host: string): boolean {
  return host.length <= 253 && /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$/.test(host);
}

/** Quotes text from outside for an error message: escaped, and cut where it is long. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(shown);
}
