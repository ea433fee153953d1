import type { World } from "../world/world.js";
import type { Invariant } from "./invariant.js";

/** What one process may ask of etcd in any second: a start with its listings, or one round of reconnecting. */
const MOST_REQUESTS = 40;
/** How often one client may dial one address in any second. */
const MOST_DIALS = 6;
/** Timers, immediates and messages of one process that wait, calls aside. */
const MOST_PENDING = 40;

/** Every loop backs off: no process asks or dials too often. */
export function everyLoopBacksOff(): Invariant {
  const requests = new Rate(MOST_REQUESTS);
  const dials = new Rate(MOST_DIALS);
  return {
    name: "every loop backs off",
    asked: (peer, atMs) => {
      // A command waits for an answer for seconds, and asks every 50 ms.
      const often = peer !== "operator" && requests.isOften(peer, atMs);
      return often ? `${peer} asked etcd more than ${MOST_REQUESTS} times in a second` : undefined;
    },
    dialled: (way, atMs) =>
      dials.isOften(way, atMs) ? `${way}: dialled more than ${MOST_DIALS} times in a second` : undefined,
  };
}

/** Nothing grows: what processes, balancers and etcd hold has a bound. */
export function nothingGrows(world: World): Invariant {
  return {
    name: "nothing grows without bound",
    settled: () => {
      for (const { name, pending } of world.processes()) {
        if (pending > MOST_PENDING) return `${name} has ${pending} timers and messages waiting`;
      }
      for (const { name, current } of world.callers()) {
        if (!current) continue;
        const reserved = current.balancer.nodes().reduce((sum, { inFlight }) => sum + inFlight, 0);
        if (reserved > current.running) {
          return `${name}'s balancer counts ${reserved} calls in flight, and there are ${current.running}`;
        }
      }
      const leases = world.cluster.replicated.leases.list().length;
      const most = world.servers.length;
      return leases > most ? `etcd holds ${leases} leases of ${most} servers` : undefined;
    },
  };
}

/** How often something happened in the last second, for each who did it. */
class Rate {
  readonly #most: number;
  readonly #times = new Map<string, number[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts one more. */
  isOften(who: string, atMs: number): boolean {
    const times = this.#times.get(who) ?? [];
    this.#times.set(who, times);
    times.push(atMs);
    while (times[0]! <= atMs - 1_000) times.shift();
    return times.length > this.#most;
  }
}
