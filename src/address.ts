import { isIPv4, isIPv6 } from "node:net";
import { printable, redactUrl } from "./target/redact.js";

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
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) fail("it is a URL");
  if (text.includes(",")) fail("it holds several addresses; give each one by itself");
  if (text !== text.trim()) fail("it has spaces around it");
  if (text.endsWith("/")) fail("it ends with a slash");
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
  if (isNumericHost(host) && !isIPv4(host)) fail("its host is a number but no IPv4 address of four decimal parts");
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

/** `0x0`, `127.1`, `2130706433`: what the system would take for some IPv4 address, and hardly anyone means. */
function isNumericHost(host: string): boolean {
  return /^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?$/i.test(host);
}

/**
 * Whether a host means all interfaces, however it is written (`0.0.0.0`, `::`, `0:0::`, `::ffff:0.0.0.0`): one listens
 * there, and never calls there. The empty host counts.
 */
export function isWildcardHost(host: string): boolean {
  return host === "" || canonical(host) === "0.0.0.0" || canonical(host) === "[::]";
}

/** Whether only this machine can reach a host: 127.0.0.0/8, `::1`, `localhost`, however they are written. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost)$/.test(canonical(host));
}

/** A host the one way: numbers in IPv4's four parts, the shortest IPv6, an IPv4 address mapped into IPv6 as IPv4. */
function canonical(host: string): string {
  const plain = host.replace(/^\[|\]$|%.*$|\.$/gs, "");
  const url = isIPv6(plain) ? `http://[${plain}]` : `http://${plain}`;
  const name = URL.canParse(url) ? new URL(url).hostname : plain.toLowerCase();
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(name) ?? [];
  if (high === undefined || low === undefined) return name;
  const bytes = [high, low].flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
  return bytes.join(".");
}

/** What is quoted is no longer than this; so much more is read that nothing of it changes what is said. */
const MOST_READ = 2_000;

/** Quotes text from outside for an error message: escaped, without secrets, and cut where it is long. */
export function quote(text: string): string {
  // An "@" behind the cut may end a password that begins before it.
  const end = text.includes("@", MOST_READ) ? "@" : "";
  const shown = redactUrl(text.length > MOST_READ ? text.slice(0, MOST_READ) + end : text);
  return printable(JSON.stringify(shown.length > 80 ? `${shown.slice(0, 77)}...` : shown));
}
