import type { Instance } from "../instance.js";

/** How many times busier than the others the instances of the own zone may be before calls go elsewhere (docs/balancing.md, "Zones"). */
const ELSEWHERE = 2;

/** Zones whose clients should prefer an instance, separated by commas: Kubernetes' topology aware routing. */
const HINTED_ZONES = "k8s.hints.zones";

/**
 * How far instances are from a client in this zone, for the balancer. Where every instance is hinted to some zone, and one
 * to this zone, the hints say who is near: so kube-proxy reads them
 * (https://kubernetes.io/docs/concepts/services-networking/topology-aware-routing/). Else the instances' own zone does.
 */
export function distanceFrom(zone: string, instances: readonly Instance[]): (instance: Instance) => number {
  if (zone === "") return () => 1;
  const hinted = ({ metadata }: Instance) => metadata?.[HINTED_ZONES]?.split(",") ?? [];
  const byHints =
    instances.every((instance) => hinted(instance).length > 0) &&
    instances.some((instance) => hinted(instance).includes(zone));
  const isNear = (instance: Instance) => (byHints ? hinted(instance).includes(zone) : instance.zone === zone);
  return (instance) => (isNear(instance) ? 1 : ELSEWHERE);
}
