import { request } from "node:http";
import { Semaphore } from "../async/semaphore.js";
import type { Present } from "../backends/etcd/index.js";
import { allStates } from "../observe/inspect/inspect-client.js";
import { type ProcessReport, reportOfPresence, reportOfState } from "./process-report.js";

/** How long a process may take to answer, in milliseconds. */
const ANSWER_MS = 2_000;
/** A longer answer is no process's metrics. */
const MOST_BYTES = 16 << 20;
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
  return get(url).catch(() => undefined);
}

/** Anybody who may write to etcd may have written the address: so GET without a word of ours, no redirects, bounded. */
function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const asked = request(url, { signal, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) asked.destroy(new Error("its answer is too long"));
      });
      response.on("error", reject);
      response.on("end", () => (response.statusCode === 200 ? resolve(text) : reject(new Error("no metrics"))));
    });
    asked.on("error", reject);
    asked.end();
  });
}
