import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { isLinkLocal } from "./host-kind.js";

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** One of the machine's addresses. */
export interface OwnAddress {
  readonly interface: string;
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  /** Nobody else can be expected to reach it: loopback or link-local. */
  readonly local: boolean;
}

export function ownAddresses(interfaces: Interfaces = networkInterfaces()): OwnAddress[] {
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
