import { isIPv4, isIPv6 } from "node:net";
import { formatAddress, parseAddress } from "../../address.js";
import type { Instance } from "../../instance.js";
import { type Endpoint, type EndpointSlice, isObject, list } from "./endpoint-slice.js";

/** How fit for calls an endpoint is: the higher, the better. */
const NOT_SERVING = 0;
export const LEAVING = 1;
export const READY = 2;
type Fitness = typeof NOT_SERVING | typeof LEAVING | typeof READY;

export interface Candidate {
  readonly fitness: Fitness;
  readonly instance: Instance;
}

/** Metadata keys. Pod and node by the names OpenTelemetry's semantic conventions give them. */
const POD = "k8s.pod.name";
const NODE = "k8s.node.name";
/** Zones whose clients should prefer this endpoint (topology aware routing), separated by commas. */
const HINTED_ZONES = "k8s.hints.zones";

interface ReadSlice {
  readonly port: number;
  readonly candidates: readonly Candidate[];
  readonly malformed: readonly string[];
}

/** What was read of slices, which never change: a change of one among a hundred costs the reading of one. */
const read = new WeakMap<EndpointSlice, ReadSlice>();

/** Who stands in a slice, called at this port. */
export function readEndpoints(slice: EndpointSlice, addressType: string, port: number): ReadSlice {
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

/** As kube-proxy reads the conditions: unknown is ready, unknown is serving, unknown is not terminating. */
function fitnessOf({ conditions }: Endpoint): Fitness {
  if (conditions?.ready ?? true) return READY;
  return (conditions?.serving ?? true) && conditions?.terminating ? LEAVING : NOT_SERVING;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
