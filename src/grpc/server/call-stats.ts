import { detached } from "../../async/detached.js";
import type { CheckedServerConfig } from "../../config/check.js";
import { log } from "../../log.js";
import { Durations } from "../../observe/durations.js";
import { isHealthCall } from "./served-method.js";

const MINUTE_MS = 60_000;
/** How long a report may take to arrive, in milliseconds. */
const REPORT_MS = 5_000;

/** A unary call that has ended. */
export interface EndedCall {
  readonly path: string;
  /** Milliseconds. */
  readonly ms: number;
  /** Who called, `host:port`. */
  readonly peer: string;
}

type CallStatsConfig = Pick<CheckedServerConfig, "Name" | "Middlewares" | "MetricsUrl" | "Log">;

/**
 * go-zero's `Middlewares.Stat` and `MetricsUrl`: calls that took long are logged one by one, never what they carried; once a
 * minute how many there were and how long they took is logged, and sent to MetricsUrl in go-zero's form.
 */
export class CallStats {
  readonly #name: string | undefined;
  readonly #stat: boolean;
  readonly #slowMs: number;
  readonly #metricsUrl: string | undefined;
  readonly #logsMinutes: boolean;
  readonly #durations = new Durations();
  #timer: NodeJS.Timeout | undefined;
  #undelivered = false;

  constructor({ Name, Middlewares, MetricsUrl, Log }: CallStatsConfig) {
    this.#name = Name;
    this.#stat = Middlewares.Stat;
    this.#slowMs = Middlewares.StatConf.SlowThreshold;
    this.#metricsUrl = MetricsUrl;
    this.#logsMinutes = Log.Stat !== false;
  }

  start(): void {
    if (!this.#stat) return;
    this.#timer = detached(() => setInterval(() => void this.report(MINUTE_MS), MINUTE_MS));
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly ended = ({ path, ms, peer }: EndedCall): void => {
    if (!this.#stat || isHealthCall(path)) return;
    this.#durations.add(ms);
    if (ms > this.#slowMs) log.warn({ method: path, peer, ms: rounded(ms), limitMs: this.#slowMs }, "slow call");
  };

  /** Logs and sends what there was since the last report. Never rejects. */
  async report(overMs: number): Promise<void> {
    const durations = this.#durations;
    const [med, t90, t99, t99p9] = [0.5, 0.9, 0.99, 0.999].map((part) => rounded(durations.quantile(part)));
    const qps = rounded(durations.count / (overMs / 1_000));
    const avg = rounded(durations.mean);
    if (durations.count > 0 && this.#logsMinutes) {
      const facts = { server: this.#name, calls: durations.count, qps, avgMs: avg, medianMs: med, p90Ms: t90 };
      log.info({ ...facts, p99Ms: t99, p999Ms: t99p9 }, "calls served in the last minute");
    }
    durations.clear();
    if (!this.#metricsUrl) return;
    const tm = Math.floor(Date.now() / 1_000);
    await this.#send({ name: this.#name ?? "", tm, pid: process.pid, qps, drops: 0, avg, med, t90, t99, t99p9 });
  }

  async #send(report: object): Promise<void> {
    try {
      const headers = { "content-type": "application/json; charset=utf-8" };
      const signal = AbortSignal.timeout(REPORT_MS);
      const answer = await fetch(this.#metricsUrl!, { method: "POST", headers, body: JSON.stringify(report), signal });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      this.#undelivered = false;
    } catch (error) {
      if (!this.#undelivered)
        log.warn({ name: this.#name, err: error }, "MetricsUrl does not take reports; trying again every minute");
      this.#undelivered = true;
    }
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
