import { startEtcdCluster } from "../../../test/support/real-parts/etcd.js";
import { memoryMb } from "../../support/process-cost.js";
import { upkeepMs } from "../etcd-cost.js";
import { Fleet } from "../fleet.js";
import { type Storm, storm } from "./storm.js";

/** One of three members under a fleet. */
export interface MemberCost {
  readonly leads: boolean;
  readonly cpuMs: number;
  readonly memoryMb: number;
}

export interface ThreeMembers {
  readonly members: readonly MemberCost[];
  /** The leader is killed. */
  readonly failover: Storm;
}

/** Three members carry the fleet; then the one that leads is killed. */
export async function threeMembers(
  servers: number,
  clients: number,
  services: number,
  forMs: number,
): Promise<ThreeMembers> {
  const cluster = await startEtcdCluster(3);
  try {
    const fleet = new Fleet({ hosts: cluster.endpoints }, services);
    await fleet.servers.grow(servers);
    await fleet.clients.grow(clients);
    const leader = await cluster.leader();
    const cpu = await Promise.all(cluster.members.map((one) => upkeepMs(one, forMs)));
    const members = cluster.members.map((one, i) => ({
      leads: one === leader,
      cpuMs: cpu[i]!,
      memoryMb: memoryMb(one),
    }));
    const others = cluster.members.filter((one) => one !== leader);
    const failover = await storm(others, fleet, async () => {
      await leader.kill();
      await cluster.leader();
    });
    await fleet.stop();
    return { members, failover };
  } finally {
    await cluster.stop();
  }
}
