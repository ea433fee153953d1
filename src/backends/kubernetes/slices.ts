import { isIPv4, isIPv6 } from "node:net";
import { formatAddress, parseAddress } from "../../address.js";
import type { Instance } from "../../instance.js";
import type { WantedPort } from "./target.js";

/** The part of a discovery.k8s.io/v1 EndpointSlice that is read here. Absent fields may also be null. */
export interface EndpointSlice {
  readonly addressType?: string;
  readonly ports?: readonly SlicePort[] | null;
  readonly endpoints?: readonly Endpoint[] | null;
}

export interface SlicePort {
  readonly name?: string | null;
  readonly port?: number | null;
  readonly protocol?: string | null;
}

export interface Endpoint {
  readonly addresses?: readonly string[] | null;
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  } | null;
  readonly nodeName?: string | null;
  readonly zone?: string | null;
  readonly targetRef?: { readonly kind?: string; readonly name?: string } | null;
  readonly hints?: { readonly forZones?: readonly { readonly name?: string }[] | null } | null;
}

/** Which addresses of a dual-stack service are used; `auto` is IPv4 where the service has it, else IPv6. */
export type AddressFamily = "auto" | "ipv4" | "ipv6";

export interface Merged {
  /** Who may be called, each address once. */
  readonly instances: readonly Instance[];
  /** Every address that any slice lists, callable or not. */
  readonly listed: ReadonlySet<string>;
  /** Why nobody may be called, where that is so. */
  readonly problem: string | undefined;
  /** What was left out because it makes no sense. */
  readonly malformed: readonly string[];
}

/** How fit for calls an endpoint is. Higher is better. */
const NOT_SERVING = 0;
const LEAVING = 1;
const READY = 2;
type Fitness = typeof NOT_SERVING | typeof LEAVING | typeof READY;

interface Candidate {
  readonly fitness: Fitness;
  readonly instance: Instance;
}

interface ReadSlice {
  readonly port: number;
  readonly candidates: readonly Candidate[];
  readonly malformed: readonly string[];
}

/**
 * Makes one set of instances of all slices of a service, as kube-proxy does: the endpoints that are ready, or, when
 * there is none, those that still serve while they terminate. An endpoint that several slices list (it is being moved
 * from one to another) counts once, in its best condition.
 */
export function mergeSlices(
  slices: Iterable<EndpointSlice>,
  { port, family }: { readonly port: WantedPort; readonly family: AddressFamily },
): Merged {
  const usable = [...slices].filter(isObject) as EndpointSlice[];
  const addressType = chooseAddressType(usable, family);
  const best = new Map<string, Candidate>();
  const malformed: string[] = [];
  let anyPort = false;

  for (const slice of usable) {
    if (slice.addressType !== addressType) continue;
    const number = portOf(slice, port);
    if (number === undefined) continue;
    anyPort = true;
    const endpoints = readEndpoints(slice, addressType, number);
    malformed.push(...endpoints.malformed);
    for (const candidate of endpoints.candidates) {
      const { address } = candidate.instance;
      const known = best.get(address);
      if (!known || candidate.fitness > known.fitness) best.set(address, candidate);
    }
  }

  const wanted = [...best.values()].some(({ fitness }) => fitness === READY) ? READY : LEAVING;
  const instances = [...best.values()].filter(({ fitness }) => fitness === wanted).map(({ instance }) => instance);
  return {
    instances,
    listed: new Set(best.keys()),
    problem: instances.length > 0 ? undefined : describeProblem(usable, addressType, port, family, anyPort),
    malformed,
  };
}

/**
 * A pod of a dual-stack service is listed once by family, in slices that change one after the other. The family is
 * chosen by the slices that exist, ready or not, so that a readiness change never moves a client to the other family.
 */
function chooseAddressType(slices: readonly EndpointSlice[], family: AddressFamily): string {
  if (family !== "auto") return family === "ipv4" ? "IPv4" : "IPv6";
  return ["IPv4", "IPv6", "FQDN"].find((type) => slices.some(({ addressType }) => addressType === type)) ?? "IPv4";
}

/**
 * The port to call at the endpoints of one slice. Slices hold the ports that the pods listen on, not the Service's own
 * numbers, and pods that listen elsewhere are in a slice of their own. So a name is looked up in each slice, and a
 * number is a pod's port; where no port has that number and there is one port only, that one must be meant: then the
 * number is the Service's own, of which slices know nothing.
 */
function portOf(slice: EndpointSlice, wanted: WantedPort): number | undefined {
  const all = list(slice.ports);
  const ports = all.filter(isTcp);
  const only = ports.length === 1 ? ports[0] : undefined;
  // A slice without ports, like a port without a number, says that its endpoints answer on every port.
  const any: SlicePort | undefined = all.length === 0 ? {} : undefined;
  if (typeof wanted === "number") {
    const port = any ?? ports.find((port) => port.port === wanted) ?? ports.find((port) => port.port == null) ?? only;
    return port && (port.port ?? wanted);
  }
  const port = wanted === undefined ? only : ports.find(({ name }) => name === wanted);
  return port?.port ?? undefined;
}

/** As kube-proxy reads the conditions: unknown is ready, unknown is serving, unknown is not terminating. */
function fitnessOf({ conditions }: Endpoint): Fitness {
  if (conditions?.ready ?? true) return READY;
  return (conditions?.serving ?? true) && conditions?.terminating ? LEAVING : NOT_SERVING;
}

/** What was read of slices, which never change: a change of one among a hundred costs the reading of one. */
const read = new WeakMap<EndpointSlice, ReadSlice>();

function readEndpoints(slice: EndpointSlice, addressType: string, port: number): ReadSlice {
  const known = read.get(slice);
  if (known?.port === port) return known;
  const candidates: Candidate[] = [];
  const malformed: string[] = [];
  for (const endpoint of list(slice.endpoints)) {
    const instance = readEndpoint(endpoint, addressType, port);
    if (typeof instance === "string") malformed.push(instance);
    else candidates.push({ fitness: fitnessOf(endpoint), instance });
  }
  const result = { port, candidates, malformed };
  read.set(slice, result);
  return result;
}

/** The instance an endpoint stands for, or what is wrong with it. Of several addresses the first counts: they are one pod's. */
function readEndpoint(endpoint: Endpoint, addressType: string, port: number): Instance | string {
  const host = isObject(endpoint) ? list(endpoint.addresses)[0] : undefined;
  if (typeof host !== "string") return "an endpoint without an address";
  const address = formatAddress({ host, port });
  if (!isHost(host, addressType, address))
    return `an endpoint whose address ${JSON.stringify(host)} is not ${addressType}`;
  const { zone, nodeName, targetRef, hints } = endpoint;
  const metadata: Record<string, string> = {};
  if (targetRef?.kind === "Pod" && isText(targetRef.name)) metadata[POD] = targetRef.name;
  if (isText(nodeName)) metadata[NODE] = nodeName;
  const zones = list(hints?.forZones)
    .map((zone) => zone?.name)
    .filter(isText);
  if (zones.length > 0) metadata[HINTED_ZONES] = zones.join(",");
  return {
    address,
    ...(isText(zone) && { zone }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** Metadata keys. Pod and node by the names OpenTelemetry's semantic conventions give them. */
export const POD = "k8s.pod.name";
export const NODE = "k8s.node.name";
/** Zones whose clients should prefer this endpoint (topology aware routing), separated by commas. */
export const HINTED_ZONES = "k8s.hints.zones";

function isHost(host: string, addressType: string, address: string): boolean {
  if (addressType === "IPv4") return isIPv4(host);
  if (addressType === "IPv6") return isIPv6(host);
  try {
    parseAddress(address);
    return true;
  } catch {
    return false;
  }
}

function describeProblem(
  slices: readonly EndpointSlice[],
  addressType: string,
  wanted: WantedPort,
  family: AddressFamily,
  anyPort: boolean,
): string {
  if (slices.length === 0) return "it has no EndpointSlice: is there such a Service in that namespace?";
  // A service without pods has a slice too, with neither endpoints nor ports.
  const filled = slices.filter((slice) => list(slice.endpoints).length > 0);
  if (filled.length === 0) return "it has no endpoints: do its pods run, and does its selector match their labels?";
  const ofFamily = filled.filter((slice) => slice.addressType === addressType);
  if (ofFamily.length === 0) return `it has no ${addressType} endpoints (family=${family})`;
  if (anyPort) return "none of its endpoints is ready";
  const ports = new Set(
    ofFamily
      .flatMap((slice) => list(slice.ports))
      .filter(isObject)
      .map(describePort),
  );
  const has = ports.size === 0 ? "it lists no ports" : `its pods' ports are ${[...ports].sort().join(", ")}`;
  if (wanted === undefined) return `the target must say which port is meant: ${has}`;
  return `it has no TCP port ${typeof wanted === "number" ? wanted : JSON.stringify(wanted)}: ${has}`;
}

function describePort(port: SlicePort): string {
  return [port.name, port.port, (port.protocol ?? "TCP") === "TCP" ? undefined : port.protocol]
    .filter(Boolean)
    .join(" ");
}

function isTcp(port: SlicePort): boolean {
  return isObject(port) && (port.protocol ?? "TCP") === "TCP" && (port.port == null || isPortNumber(port.port));
}

function isPortNumber(port: unknown): boolean {
  return Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65535;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function list<T>(items: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(items) ? (items as readonly T[]) : [];
}
