import { setTimeout as pause } from "node:timers/promises";
import { holding } from "../../src/async/hold.js";
import { Cluster } from "../../src/etcd-client/cluster.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { etcdctl } from "../../test/support/real-parts/etcdctl.js";
import { metric, print, quantile, since } from "./figures.js";

const CLIENTS = 150;
const LIMIT_MS = 120_000;

/** Many processes that start at once and log in at an etcd that has one core; each has a connection and a token of its own. */
export async function logIns({ endpoint, metricsUrl }: Etcd): Promise<void> {
  await etcdctl(endpoint, "user", "add", "root:secret");
  await etcdctl(endpoint, "user", "grant-role", "root", "root");
  await etcdctl(endpoint, "auth", "enable");
  const settings = { hosts: [endpoint], user: "root", pass: "secret" };
  const connect = async (cluster: Cluster): Promise<number> => {
    for (;;) {
      try {
        await cluster.session();
        return since(began);
      } catch {
        // it goes on by itself; the next one waits for another attempt
      }
    }
  };
  let began = performance.now();
  const first = new Cluster(settings);
  const aloneMs = await holding(connect(first));
  first.close();

  const asked = await metric(metricsUrl, "grpc_server_started_total", 'grpc_method="Authenticate"');
  began = performance.now();
  const clusters = Array.from({ length: CLIENTS }, () => new Cluster(settings));
  const tookMs: number[] = [];
  const all = Promise.all(clusters.map(async (cluster) => tookMs.push(await connect(cluster))));
  await Promise.race([all, pause(LIMIT_MS)]);
  const logIns = (await metric(metricsUrl, "grpc_server_started_total", 'grpc_method="Authenticate"')) - asked;
  for (const cluster of clusters) cluster.close();
  print(
    `${CLIENTS} log-ins at once, etcd on one core`,
    `${tookMs.length} in; half after ${(quantile(tookMs, 0.5) / 1_000).toFixed(1)} s, all after ` +
      `${(Math.max(...tookMs) / 1_000).toFixed(1)} s; ${logIns} asked for; one alone takes ${aloneMs.toFixed(0)} ms`,
  );
}
