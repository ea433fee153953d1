import type { NetworkInterfaceInfo } from "node:os";

/** An address as os.networkInterfaces() tells it. */
export function interfaceInfo(address: string, internal = false): NetworkInterfaceInfo {
  const family = address.includes(":") ? "IPv6" : "IPv4";
  const base = { address, netmask: "", mac: "", internal, cidr: null };
  return family === "IPv6" ? { ...base, family, scopeid: 0 } : { ...base, family };
}
