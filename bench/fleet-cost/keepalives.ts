import { Cluster } from "../../src/etcd-client/cluster.js";
import { LeaseService } from "../../src/etcd-client/methods.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { inParallel } from "../registry/figures.js";
import { cpuMs } from "../support/process-cost.js";

const RENEWALS = 20_000;
const AT_A_TIME = 20;

/** What a renewal costs etcd over a stream of its own, as leases are renewed here, and over one that stands. */
export interface Renewal {
  readonly how: string;
  /** Of etcd, for each renewal. */
  readonly cpuUs: number;
}

export async function keepalives(etcd: Etcd): Promise<Renewal[]> {
  const cluster = new Cluster({ hosts: [etcd.endpoint] });
  const session = await cluster.session();
  const { ID } = await session.call(LeaseService.leaseGrant, { TTL: 600n, ID: 0n });

  const own = () =>
    inParallel(Array(RENEWALS).fill(ID), AT_A_TIME, (lease) =>
      session.exchange(LeaseService.leaseKeepAlive, { ID: lease }),
    );
  const standing = () =>
    new Promise<void>((resolve, reject) => {
      let [sent, heard] = [0, 0];
      const stream = session.stream(LeaseService.leaseKeepAlive, {
        message: () => {
          heard += 1;
          if (heard === RENEWALS) {
            stream.cancel();
            resolve();
          } else if (sent < RENEWALS) send();
        },
        end: reject,
      });
      const send = () => {
        sent += 1;
        stream.write({ ID });
      };
      for (let i = 0; i < AT_A_TIME; i++) send();
    });

  const rows: Renewal[] = [];
  for (const [how, work] of [
    ["a stream each", own],
    ["one that stands", standing],
  ] as const) {
    await work(); // warm
    const before = cpuMs(etcd);
    await work();
    rows.push({ how, cpuUs: Math.round(((cpuMs(etcd) - before) * 1_000) / RENEWALS) });
  }
  cluster.close();
  return rows;
}
