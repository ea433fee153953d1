import { BlockList, isIP } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { formatAddress, parseAddress, quote } from "../address.js";

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

export interface AdvertiseInput {
  /** Host of ListenOn; empty for all interfaces. */
  readonly listenHost: string;
  /** The port that was bound, which ListenOn may leave open. */
  readonly boundPort: number;
  /** What the configuration wants registered: an address, a host, an interface's name or a CIDR. */
  readonly advertise?: string | undefined;
  /** Default process.env. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default those of this machine. */
  readonly interfaces?: Interfaces;
}

/**
 * The address under which others reach a server, `host:port`. `Advertise` decides when it is given; then the host the
 * server listens on, unless it listens on all; then $POD_IP; then the first IPv4 address of the machine (failing that,
 * IPv6), loopback and link-local ones only when there is no other.
 * @throws TypeError when Advertise or $POD_IP cannot be used.
 */
export function advertisedAddress(input: AdvertiseInput): string {
  const { listenHost, boundPort, advertise, env = process.env, interfaces = networkInterfaces() } = input;
  if (advertise) return wantedAddress(advertise, boundPort, interfaces);
  if (!isWildcard(listenHost)) return formatAddress({ host: listenHost, port: boundPort });
  const podIp = env.POD_IP;
  if (podIp && isIP(podIp) === 0) throw new TypeError(`$POD_IP is ${quote(podIp)}; expected an IP address`);
  return formatAddress({ host: podIp || ownAddress(interfaces), port: boundPort });
}

/** Whether others are told an address that only this machine can reach: loopback, while some registry host is elsewhere. */
export function isLoopbackAbroad(address: string, registryHosts: readonly string[]): boolean {
  const hostOf = (text: string) =>
    text
      .replace(/^https?:\/\//i, "")
      .replace(/:\d+$/, "")
      .replace(/^\[|\]$/g, "");
  return isLoopback(hostOf(address)) && registryHosts.some((host) => !isLoopback(hostOf(host)));
}

function wantedAddress(advertise: string, boundPort: number, interfaces: Interfaces): string {
  const refuse = (why: string): never => {
    throw new TypeError(
      `Advertise is ${quote(advertise)}: ${why}; expected an address like 10.0.0.1:8080, an IP address or host name, ` +
        "the name of a network interface, or a CIDR like 10.0.0.0/8",
    );
  };
  const here = () => `this machine has ${describe(interfaces)}`;
  if (advertise.includes("/")) {
    const subnet = readSubnet(advertise) ?? refuse("it is no CIDR");
    const inside = all(interfaces).find(({ address, family }) => subnet.check(address, ofFamily(family)));
    return inside
      ? formatAddress({ host: inside.address, port: boundPort })
      : refuse(`no address is inside, ${here()}`);
  }
  if (Object.hasOwn(interfaces, advertise)) {
    const host = preferred(interfaces[advertise] ?? []) ?? refuse("the interface has no address");
    return formatAddress({ host, port: boundPort });
  }
  const { host, port } = readHost(advertise, boundPort, refuse);
  if (isWildcard(host)) refuse("that is no address to reach anything at");
  // "eth7" could be a host's name; far more often it is an interface that is not here.
  const bareName = isIP(host) === 0 && !host.includes(".") && host !== "localhost" && !advertise.includes(":");
  if (bareName) refuse(`no interface has this name, ${here()}; a host's name without a dot needs a port behind it`);
  return formatAddress({ host, port });
}

function readHost(text: string, boundPort: number, refuse: (why: string) => never): { host: string; port: number } {
  const bare = isIP(text) === 6 ? `[${text}]` : text;
  try {
    return parseAddress(/^(?:\[[^\]]*\]|[^:]*)$/.test(bare) ? `${bare}:${boundPort}` : bare);
  } catch (error) {
    return refuse((error as Error).message.replace(/^.* is not an address: |; expected .*$/gs, ""));
  }
}

function ownAddress(interfaces: Interfaces): string {
  const host = preferred(all(interfaces));
  if (host !== undefined) return host;
  throw new TypeError("this machine has no network address to register; set Advertise, or a host in ListenOn");
}

/** IPv4 before IPv6, and what others can reach before what they cannot; otherwise the first. */
function preferred(infos: readonly NetworkInterfaceInfo[]): string | undefined {
  const reachable = infos.filter(({ internal, address }) => !internal && !isLinkLocal(address));
  for (const choice of [reachable, infos.filter(({ address }) => !/^fe80:/i.test(address))]) {
    const best = choice.find(({ family }) => family === "IPv4") ?? choice[0];
    if (best) return best.address;
  }
  return undefined;
}

function readSubnet(cidr: string): BlockList | undefined {
  const [, network, prefix] = /^(.+)\/(\d{1,3})$/.exec(cidr) ?? [];
  if (network === undefined || isIP(network) === 0 || Number(prefix) > (isIP(network) === 4 ? 32 : 128))
    return undefined;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), isIP(network) === 4 ? "ipv4" : "ipv6");
  return list;
}

function all(interfaces: Interfaces): NetworkInterfaceInfo[] {
  return Object.values(interfaces).flatMap((infos) => infos ?? []);
}

function describe(interfaces: Interfaces): string {
  const names = Object.entries(interfaces).map(([name, infos = []]) =>
    infos.length > 0 ? `${name} ${infos.map(({ address }) => address).join(" ")}` : `${name} without address`,
  );
  return names.length > 0 ? names.join(", ") : "no interface";
}

function ofFamily(family: string): "ipv4" | "ipv6" {
  return family === "IPv4" ? "ipv4" : "ipv6";
}

/** All interfaces, in any way to write it. */
function isWildcard(host: string): boolean {
  return host === "" || host === "0.0.0.0" || /^[0:]+$/.test(host);
}

function isLoopback(host: string): boolean {
  return /^(.+\.)?localhost\.?$/i.test(host) || /^127\./.test(host) || /^(0*:)+0*1$/.test(host);
}

function isLinkLocal(address: string): boolean {
  return /^(169\.254\.|fe80:)/i.test(address);
}
