import type { Counter, Gauge, Metric, Registry } from "prom-client";
import type { Buckets } from "./buckets.js";
import { GAUGES } from "./gauges.js";
import { measureInto } from "./measures.js";
import { type CallCounter, type CallHistogram, CallMetrics } from "./prometheus-calls.js";
import type { Gauge as Read } from "./readings.js";

type Library = typeof import("prom-client");

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
  const calls = new CallMetrics();
  measureInto(calls);
  for (const counter of calls.counters) count(library, registry, counter);
  for (const histogram of calls.histograms) registry.registerMetric(shown(histogram));
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

/** Read anew each time, so that what is gone leaves no series. */
function observe(library: Library, registry: Registry, { name, unit, help, labels, counts = false, read }: Read): void {
  const own = prometheusName(name, unit, counts);
  if (counts) {
    count(library, registry, { name: own, help, labels, read });
    return;
  }
  new library.Gauge({
    name: own,
    help,
    labelNames: labels,
    registers: [registry],
    collect(this: Gauge) {
      this.reset();
      for (const { value, labels } of read()) this.set(labels, value);
    },
  });
}

function count({ Counter }: Library, registry: Registry, { name, help, labels, read }: CallCounter): void {
  new Counter({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect(this: Counter) {
      this.reset();
      for (const { value, labels } of read()) this.inc(labels, value);
    },
  });
}

/** A histogram that Rollcall has counted, as prom-client asks its own for it. */
function shown({ name, help, read }: CallHistogram): Metric {
  const get = async () => ({ name, help, type: "histogram", aggregator: "sum", values: [...read()].flatMap(lines) });
  const lines = ({
    labels,
    buckets: { bounds, counts, sum },
  }: {
    labels: Record<string, string>;
    buckets: Buckets;
  }) => {
    let upTo = 0;
    const buckets = [...counts].map((more, i) => {
      upTo += more;
      return { metricName: `${name}_bucket`, labels: { le: bounds[i] ?? "+Inf", ...labels }, value: upTo };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: upTo },
    ];
  };
  return { name, help, get } as unknown as Metric;
}
