import { Semaphore } from "../async/semaphore.js";
import type { Present } from "../backends/etcd/index.js";
import { allStates } from "../observe/inspect/inspect-client.js";
import { metricsAt } from "../operator/metrics-get.js";
import { type ProcessReport, reportOfPresence, reportOfState } from "./process-report.js";

/** How long a process may take to answer, in milliseconds. */
const ANSWER_MS = 2_000;
/** So many are asked at a time. */
const AT_ONCE = 16;

/**
 * What processes tell of themselves: those of this machine's user by their inspect sockets, the others by the metrics that their
 * presence names. A process that can be asked both ways is asked by its socket, which tells of single instances.
 */
export async function processReports(presences: readonly Present[]): Promise<ProcessReport[]> {
  const semaphore = new Semaphore(AT_ONCE);
  const [local, present] = await Promise.all([
    allStates().then((states) => states.map(reportOfState)),
    Promise.all(presences.map(async (one) => reportOfPresence(one, await semaphore.run(() => metricsOf(one))))),
  ]);
  const reports = new Map(present.map((report) => [report.id, report]));
  for (const report of local) {
    const scraped = reports.get(report.id);
    // Latencies as the server measures them stand in the metrics alone.
    reports.set(report.id, scraped?.served ? { ...report, served: scraped.served } : report);
  }
  return [...reports.values()];
}

async function metricsOf({ metrics }: Present): Promise<string | undefined> {
  const [url] = metrics;
  if (url === undefined) return undefined;
  // Anybody who may write to etcd may have written the address, so what is done with it is bounded.
  return metricsAt(url, ANSWER_MS).catch(() => undefined);
}
