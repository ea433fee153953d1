import { BlockList, isIP } from "node:net";
import { formatAddress, parseAddress, quote } from "../../../address.js";

/** Addresses that nobody can connect to: unspecified, multicast, broadcast. */
const UNREACHABLE = new BlockList();
UNREACHABLE.addSubnet("0.0.0.0", 8, "ipv4");
UNREACHABLE.addSubnet("224.0.0.0", 4, "ipv4");
UNREACHABLE.addAddress("255.255.255.255", "ipv4");
UNREACHABLE.addAddress("::", "ipv6");
UNREACHABLE.addSubnet("ff00::", 8, "ipv6");

/**
 * An address that can be called, written the one way.
 * @throws TypeError that quotes it and says why it cannot.
 */
export function usableAddress(address: string): string {
  const parsed = parseAddress(address);
  const why = whyUnusable(parsed.host);
  if (why) throw new TypeError(`${quote(address)} cannot be called: ${why}`);
  return formatAddress(parsed);
}

/** The same for text from outside, which may be anything, a password too: the error does not show it. @throws TypeError */
export function usableForeignAddress(text: string): string {
  try {
    return usableAddress(text);
  } catch (error) {
    const { message } = error as Error;
    const quoted = quote(text);
    throw new TypeError(message.startsWith(quoted) ? `it${message.slice(quoted.length)}` : "it is no address");
  }
}

function whyUnusable(host: string): string | undefined {
  const family = isIP(host);
  if (family !== 0 && UNREACHABLE.check(host, family === 6 ? "ipv6" : "ipv4")) {
    return "there a server listens, or many are reached at once; set Advertise to an address of its own";
  }
  // What the C library reads as an IPv4 address, and others do not: 0, 0x7f000001, 127.1, 010.0.0.1
  if (family === 0 && /^(?:0x[\da-f]*|\d+)(?:\.(?:0x[\da-f]*|\d+)){0,3}\.?$/i.test(host)) {
    return "its host is a number but no IPv4 address of four decimal parts";
  }
  return undefined;
}
