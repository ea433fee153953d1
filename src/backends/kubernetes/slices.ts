import type { Instance } from "../../instance.js";
import { type EndpointSlice, isObject, list, type SlicePort } from "./endpoint-slice.js";
import { type Candidate, LEAVING, READY, readEndpoints } from "./read-endpoints.js";
import { describeProblem } from "./slice-problem.js";
import type { WantedPort } from "./target.js";

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

function isTcp(port: SlicePort): boolean {
  return isObject(port) && (port.protocol ?? "TCP") === "TCP" && (port.port == null || isPortNumber(port.port));
}

function isPortNumber(port: unknown): boolean {
  return Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65535;
}
