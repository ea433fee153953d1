import type { Cluster } from "../../../etcd-client/cluster.js";

const taken = new WeakMap<Cluster, Map<string, Set<number>>>();

/**
 * A number, from 1, that tells registrations of one service by this process apart; the lowest free one.
 * @returns the number and a function that frees it.
 */
export function acquireNumber(cluster: Cluster, service: string): { number: number; release(): void } {
  const services = taken.get(cluster) ?? new Map<string, Set<number>>();
  taken.set(cluster, services);
  const numbers = services.get(service) ?? new Set<number>();
  services.set(service, numbers);
  let number = 1;
  while (numbers.has(number)) number += 1;
  numbers.add(number);
  return {
    number,
    release: () => {
      numbers.delete(number);
      if (numbers.size === 0) services.delete(service);
    },
  };
}
