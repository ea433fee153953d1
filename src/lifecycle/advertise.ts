import { BlockList, isIP } from "node:net";
import { formatAddress, isLoopbackHost, isWildcardHost, parseAddress, quote } from "../address.js";
import {
  describe,
  type Interfaces,
  type OwnAddress,
  ownAddresses,
  preferred,
  visibleInterfaces,
} from "./own-addresses.js";

export interface AdvertiseInput {
  /** The host that is listened on; empty or `::` for all interfaces, 0.0.0.0 for all over IPv4. */
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

/** An address to register, and where it comes from. */
export interface Advertised {
  readonly host: string;
  readonly port: number;
  /** Named by this setting; undefined where it was chosen among the machine's addresses. */
  readonly namedBy?: "Advertise" | "ListenOn" | "$POD_IP";
  /** What it was chosen among, and may be chosen again among when the addresses change. */
  readonly candidates?: (interfaces: Interfaces) => OwnAddress[];
  /** Others that would have done as well, where nothing but their order decided. */
  readonly others: readonly string[];
}

/**
 * The address under which others reach a server. `Advertise` decides when it is given; then the host the server listens on,
 * unless it listens on all; then $POD_IP; then the first IPv4 address of the machine (failing that, IPv6), loopback and
 * link-local ones only when there is no other. A family that is not listened on is never chosen.
 * @throws TypeError when Advertise or $POD_IP cannot be used.
 */
export function chooseAddress(input: AdvertiseInput): Advertised {
  const { listenHost, boundPort: port, advertise, env = process.env, interfaces = visibleInterfaces() } = input;
  const reached = (own: OwnAddress) => isListenedOn(own, listenHost);
  if (advertise) return wanted(advertise, port, interfaces, reached);
  if (!isWildcardHost(listenHost)) {
    return { host: listenHost.replace(/^\[|\]$/g, ""), port, namedBy: "ListenOn", others: [] };
  }
  const podIp = env.POD_IP;
  if (podIp) {
    if (isIP(podIp) === 0) throw new TypeError(`$POD_IP is ${quote(podIp)}; expected an IP address`);
    if (isIP(podIp) === 6 && listenHost === "0.0.0.0") {
      throw new TypeError(`$POD_IP is ${podIp}, but 0.0.0.0 listens on IPv4 alone; listen on [::], or set Advertise`);
    }
    return { host: podIp, port, namedBy: "$POD_IP", others: [] };
  }
  const candidates = (now: Interfaces) => ownAddresses(now).filter(reached);
  const best = preferred(candidates(interfaces));
  if (!best)
    throw new TypeError("this machine has no network address to register; set Advertise, or a host in ListenOn");
  const others = candidates(interfaces).filter(
    ({ address, family, local }) => family === best.family && local === best.local && address !== best.address,
  );
  return { host: best.address, port, candidates, others: best.local ? [] : others.map(({ address }) => address) };
}

/** The same as `host:port`. */
export function advertisedAddress(input: AdvertiseInput): string {
  return formatAddress(chooseAddress(input));
}

/** Whether others are told an address that only this machine can reach: loopback, while some registry host is elsewhere. */
export function isLoopbackAbroad(address: string, registryHosts: readonly string[]): boolean {
  const hostOf = (text: string) =>
    text
      .replace(/^https?:\/\//i, "")
      .replace(/:\d+$/, "")
      .replace(/^\[|\]$/g, "");
  return isLoopbackHost(hostOf(address)) && registryHosts.some((host) => !isLoopbackHost(hostOf(host)));
}

function wanted(
  advertise: string,
  boundPort: number,
  interfaces: Interfaces,
  reached: (own: OwnAddress) => boolean,
): Advertised {
  const refuse = (why: string): never => {
    throw new TypeError(
      `Advertise is ${quote(advertise)}: ${why}; expected an address like 10.0.0.1:8080, an IP address or host name, ` +
        "the name of a network interface, or a CIDR like 10.0.0.0/8",
    );
  };
  const here = () => `this machine has ${describe(interfaces)}`;
  if (advertise.includes("/")) {
    const subnet = readSubnet(advertise) ?? refuse("it is no CIDR");
    const inside = (now: Interfaces) => ownAddresses(now).filter((own) => reached(own) && isInside(own, subnet));
    const first = inside(interfaces)[0] ?? refuse(`no address that is listened on is inside, ${here()}`);
    return { host: first.address, port: boundPort, candidates: inside, others: [] };
  }
  if (Object.hasOwn(interfaces, advertise)) {
    const on = (now: Interfaces) => ownAddresses({ [advertise]: now[advertise] ?? [] }).filter(reached);
    const best = preferred(on(interfaces)) ?? refuse("the interface has no address that is listened on");
    return { host: best.address, port: boundPort, candidates: on, others: [] };
  }
  const { host, port } = readHost(advertise, boundPort, refuse);
  if (isWildcardHost(host)) refuse("that is no address to reach anything at");
  // "eth7" could be a host's name; far more often it is an interface that is not here.
  const bareName = isIP(host) === 0 && !host.includes(".") && host !== "localhost" && !advertise.includes(":");
  if (bareName) refuse(`no interface has this name, ${here()}; a host's name without a dot needs a port behind it`);
  return { host, port, namedBy: "Advertise", others: [] };
}

function readHost(text: string, boundPort: number, refuse: (why: string) => never): { host: string; port: number } {
  const bare = isIP(text) === 6 ? `[${text}]` : text;
  try {
    return parseAddress(/^(?:\[[^\]]*\]|[^:]*)$/.test(bare) ? `${bare}:${boundPort}` : bare);
  } catch (error) {
    return refuse((error as Error).message.replace(/^.* is not an address: |; expected .*$/gs, ""));
  }
}

/** A wildcard of IPv6 takes IPv4 as well; every other IP address is listened on by its own family alone. */
function isListenedOn({ family }: OwnAddress, listenHost: string): boolean {
  if (isIP(listenHost) === 4) return family === "IPv4";
  return isIP(listenHost) === 0 || isWildcardHost(listenHost) || family === "IPv6";
}

function readSubnet(cidr: string): BlockList | undefined {
  const [, network, prefix] = /^(.+)\/(\d{1,3})$/.exec(cidr) ?? [];
  if (network === undefined || isIP(network) === 0 || Number(prefix) > (isIP(network) === 4 ? 32 : 128))
    return undefined;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), isIP(network) === 4 ? "ipv4" : "ipv6");
  return list;
}

function isInside({ address, family }: OwnAddress, subnet: BlockList): boolean {
  return subnet.check(address, family === "IPv4" ? "ipv4" : "ipv6");
}
