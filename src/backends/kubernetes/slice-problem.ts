import { type EndpointSlice, isObject, list, type SlicePort } from "./endpoint-slice.js";
import type { AddressFamily } from "./slices.js";
import type { WantedPort } from "./target.js";

/** Why nobody of a service may be called, and what to do about it. @param anyPort whether any slice has the port that is meant. */
export function describeProblem(
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
