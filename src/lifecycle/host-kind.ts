import { isIPv4, isIPv6 } from "node:net";

/** All interfaces, in any way to write it: empty, 0.0.0.0, ::, 0x0, ::ffff:0.0.0.0. */
export function isWildcard(host: string): boolean {
  return host === "" || /^[0:]+$/.test(host) || ipv4Of(host) === 0;
}

/** This machine alone, in any way to write it: localhost, 127.0.0.1, ::1, 127.1, ::ffff:127.0.0.1. */
export function isLoopback(host: string): boolean {
  const ipv4 = ipv4Of(host);
  return /^(.+\.)?localhost\.?$/i.test(host) || /^(0*:)+0*1$/.test(host) || (ipv4 !== undefined && ipv4 >>> 24 === 127);
}

export function isLinkLocal(address: string): boolean {
  return /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address);
}

/**
 * The number of an IPv4 address in the forms that systems read (inet_aton: one to four decimal, octal or hexadecimal parts)
 * and inside an IPv6 address; undefined for anything else.
 */
function ipv4Of(host: string): number | undefined {
  const mapped = isIPv6(host) ? /^(?:0*:)*(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1] : undefined;
  if (mapped !== undefined && isIPv4(mapped)) return ipv4Of(mapped);
  const parts = host.split(".");
  if (parts.length > 4 || !parts.every((part) => /^(?:0x[0-9a-f]*|\d+)$/i.test(part))) return undefined;
  const numbers = parts.map((part) =>
    /^0\d/.test(part) ? Number.parseInt(part, 8) : Number(part === "0x" ? 0 : part),
  );
  const last = numbers.pop()!;
  if (numbers.some((number) => !(number <= 255)) || !(last < 256 ** (4 - numbers.length))) return undefined;
  return numbers.reduce((sum, number, at) => sum + number * 256 ** (3 - at), last);
}
