import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import { statusName } from "../status-names.js";
import { GAUGES, type Gauge as Read } from "./gauges.js";
import { type Measures, measureInto } from "./measures.js";
import { LATENCY_BUCKETS, RETRY_BUCKETS, SIZE_BUCKETS } from "./opentelemetry-metrics.js";

type Library = typeof import("prom-client");

/** go-zero's buckets, in whole milliseconds. */
const GO_ZERO_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000];

export interface PrometheusMetrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

let started: Promise<PrometheusMetrics> | undefined;

/**
 * Counts this process's calls for Prometheus from now on, under the names of gRFC A66, of Rollcall and of go-zero.
 * @throws Error when prom-client is not installed.
 */
export function prometheusMetrics(): Promise<PrometheusMetrics> {
  started ??= start();
  started.catch(() => {
    started = undefined;
  });
  return started;
}

async function start(): Promise<PrometheusMetrics> {
  const library = await load();
  const registry = new library.Registry();
  measureInto(measuresOf(library, registry));
  for (const gauge of GAUGES) observe(library, registry, gauge);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

async function load(): Promise<Library> {
  try {
    const found = (await import("prom-client")) as Library & { default?: Library };
    return found.default ?? found;
  } catch (error) {
    throw new Error("metrics for Prometheus need the package prom-client: run `npm install prom-client@15`", {
      cause: error,
    });
  }
}

/** `rollcall.client.expected_latency` in seconds is `rollcall_client_expected_latency_seconds`. */
export function prometheusName(name: string, unit: string, counts: boolean): string {
  const suffix = unit === "s" ? "_seconds" : unit === "By" ? "_bytes" : "";
  return `${name.replaceAll(".", "_")}${suffix}${counts ? "_total" : ""}`;
}

function observe(
  { Counter, Gauge }: Library,
  registry: Registry,
  { name, unit, help, labels, counts = false, read }: Read,
): void {
  const settings = { name: prometheusName(name, unit, counts), help, labelNames: labels, registers: [registry] };
  // Read anew each time, so that what is gone leaves no series.
  if (counts) {
    new Counter({
      ...settings,
      collect(this: Counter) {
        this.reset();
        for (const { value, labels } of read()) this.inc(labels, value);
      },
    });
  } else {
    new Gauge({
      ...settings,
      collect(this: Gauge) {
        this.reset();
        for (const { value, labels } of read()) this.set(labels, value);
      },
    });
  }
}

function measuresOf({ Counter, Histogram }: Library, registry: Registry): Measures {
  const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) =>
    new Histogram({ name, help, labelNames, buckets, registers: [registry] });
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });

  const byTarget = ["grpc_method", "grpc_target"];
  const byStatus = [...byTarget, "grpc_status"];
  const attemptsStarted = counter("grpc_client_attempt_started_total", "Attempts started", byTarget);
  const attemptDuration = histogram(
    "grpc_client_attempt_duration_seconds",
    "Time from the start of an attempt to its end",
    byStatus,
    LATENCY_BUCKETS,
  );
  const sentBytes = histogram(
    "grpc_client_attempt_sent_total_compressed_message_size_bytes",
    "Bytes of messages sent in an attempt",
    byStatus,
    SIZE_BUCKETS,
  );
  const receivedBytes = histogram(
    "grpc_client_attempt_rcvd_total_compressed_message_size_bytes",
    "Bytes of messages received in an attempt",
    byStatus,
    SIZE_BUCKETS,
  );
  const callDuration = histogram(
    "grpc_client_call_duration_seconds",
    "Time of a call as its caller sees it, all attempts together",
    byStatus,
    LATENCY_BUCKETS,
  );
  const callRetries = histogram(
    "grpc_client_call_retries",
    "Attempts after a failed one, of the calls that had any",
    byTarget,
    RETRY_BUCKETS,
  );
  const callHedges = histogram(
    "grpc_client_call_hedges",
    "Copies sent beside a running attempt, of the calls that had any",
    byTarget,
    RETRY_BUCKETS,
  );
  const served = counter("grpc_server_call_started_total", "Calls that have come in", ["grpc_method"]);
  const servedDuration = histogram(
    "grpc_server_call_duration_seconds",
    "Time of a call as the server sees it",
    ["grpc_method", "grpc_status"],
    LATENCY_BUCKETS,
  );
  const goZeroClient = goZero("client", histogram, counter);
  const goZeroServer = goZero("server", histogram, counter);

  return {
    attemptStarted({ target }, method) {
      attemptsStarted.inc({ grpc_method: method, grpc_target: target });
    },
    attemptEnded({ target }, method, code, seconds, sent, received) {
      const labels = { grpc_method: method, grpc_target: target, grpc_status: statusName(code) };
      attemptDuration.observe(labels, seconds);
      sentBytes.observe(labels, sent);
      receivedBytes.observe(labels, received);
    },
    callEnded({ target }, method, code, seconds, { retries, hedges }) {
      callDuration.observe({ grpc_method: method, grpc_target: target, grpc_status: statusName(code) }, seconds);
      if (retries > 0) callRetries.observe({ grpc_method: method, grpc_target: target }, retries);
      if (hedges > 0) callHedges.observe({ grpc_method: method, grpc_target: target }, hedges);
      goZeroClient(method, code, seconds);
    },
    serverStarted(method) {
      served.inc({ grpc_method: method });
    },
    serverEnded(method, code, seconds) {
      servedDuration.observe({ grpc_method: method, grpc_status: statusName(code) }, seconds);
      goZeroServer(method, code, seconds);
    },
  };
}

/** go-zero's own two metrics of each side, so that one dashboard shows both halves of a fleet. */
function goZero(
  side: "client" | "server",
  histogram: (name: string, help: string, labels: string[], buckets: number[]) => Histogram,
  counter: (name: string, help: string, labels: string[]) => Counter,
): (method: string, code: number, seconds: number) => void {
  const duration = histogram(
    `rpc_${side}_requests_duration_ms`,
    `rpc ${side} requests duration(ms).`,
    ["method"],
    GO_ZERO_BUCKETS,
  );
  const codes = counter(`rpc_${side}_requests_code_total`, `rpc ${side} requests code count.`, ["method", "code"]);
  return (method, code, seconds) => {
    duration.observe({ method: `/${method}` }, Math.floor(seconds * 1000));
    codes.inc({ method: `/${method}`, code: String(code) });
  };
}
