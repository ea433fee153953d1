import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { log } from "../log.js";

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** One of the machine's addresses. */
export interface OwnAddress {
  readonly interface: string;
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  /** Nobody else can be expected to reach it: loopback or link-local. */
  readonly local: boolean;
}

/** Those of this machine; none where a sandbox lets no program see them. */
export function visibleInterfaces(read: () => Interfaces = networkInterfaces): Interfaces {
  try {
    return read();
  } catch (error) {
    log.debug({ err: error }, "the machine's addresses cannot be read");
    return {};
  }
}

export function ownAddresses(interfaces: Interfaces = visibleInterfaces()): OwnAddress[] {
  return Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos.map(({ address, family, internal }) => {
      return { interface: name, address, family, local: internal || isLinkLocal(address) };
    }),
  );
}

/**
 * IPv4 before IPv6, and what others can reach before what they cannot; otherwise the first. A link-local IPv6 address is
 * none: it means nothing without the interface.
 */
export function preferred(addresses: readonly OwnAddress[]): OwnAddress | undefined {
  const reachable = addresses.filter(({ local }) => !local);
  for (const choice of [
    reachable,
    addresses.filter(({ address, family }) => family === "IPv4" || !isLinkLocal(address)),
  ]) {
    const best = choice.find(({ family }) => family === "IPv4") ?? choice[0];
    if (best) return best;
  }
  return undefined;
}

/** `eth0 10.0.0.1 fd00::1, lo 127.0.0.1`, for messages. */
export function describe(interfaces: Interfaces): string {
  const names = Object.entries(interfaces).map(([name, infos = []]) =>
    infos.length > 0 ? `${name} ${infos.map(({ address }) => address).join(" ")}` : `${name} without address`,
  );
  return names.length > 0 ? names.join(", ") : "no interface";
}

function isLinkLocal(address: string): boolean {
  return /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address);
}
