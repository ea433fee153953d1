import { hostname } from "node:os";
import { isLoopbackHost } from "../../address.js";
import { outcomeOf } from "../../balancer/outcome.js";
import { groupBy } from "../../group-by.js";
import { ownAddresses } from "../../lifecycle/own-addresses.js";
import { statusCode } from "../../observe/status-names.js";
import { metricsAt } from "../../operator/metrics-get.js";
import {
  type Buckets,
  bucketsOf,
  bucketsSince,
  parseMetrics,
  quantile,
  type Sample,
} from "../../operator/metrics-text.js";
import type { InstanceCounts, ServiceCounts, Source } from "./sample.js";

/** How long a DevServer may take to answer, in milliseconds. */
const ANSWER_MS = 3_000;
const HEALTH_SERVICE = "grpc.health.v1.Health";

/** Where calls of one kind are counted: a histogram of latencies by method, and counts by method and status. */
interface Family {
  readonly side: ServiceCounts["side"];
  readonly buckets: string;
  readonly counts: string;
  /** Milliseconds a unit of the histogram. */
  readonly unitMs: number;
  /** The numeric status of a count, and whose it is. */
  readonly code: (labels: Sample["labels"]) => number;
  readonly service: (labels: Sample["labels"]) => string;
}

const codeByName = ({ grpc_status = "" }: Sample["labels"]) => statusCode(grpc_status);
const codeByNumber = ({ code = "0" }: Sample["labels"]) => Number(code);
const byMethod = ({ grpc_method = "" }: Sample["labels"]) => grpc_method.replace(/\/[^/]*$/, "");
const byPath = ({ method = "" }: Sample["labels"]) => method.replace(/^\//, "").replace(/\/[^/]*$/, "");
const byTarget = ({ grpc_target = "" }: Sample["labels"]) => grpc_target.replace(/^.*\?key=|^[^:]*:\/\/\//, "");

/** gRPC's own names, as Rollcall has them; go-zero's where those are missing. */
const FAMILIES: readonly (readonly Family[])[] = [
  [
    {
      side: "calls",
      buckets: "grpc_client_attempt_duration_seconds_bucket",
      counts: "grpc_client_attempt_duration_seconds_count",
      unitMs: 1_000,
      code: codeByName,
      service: byTarget,
    },
    {
      side: "calls",
      buckets: "rpc_client_requests_duration_ms_bucket",
      counts: "rpc_client_requests_code_total",
      unitMs: 1,
      code: codeByNumber,
      service: byPath,
    },
  ],
  [
    {
      side: "serves",
      buckets: "grpc_server_call_duration_seconds_bucket",
      counts: "grpc_server_call_duration_seconds_count",
      unitMs: 1_000,
      code: codeByName,
      service: byMethod,
    },
    {
      side: "serves",
      buckets: "rpc_server_requests_duration_ms_bucket",
      counts: "rpc_server_requests_code_total",
      unitMs: 1,
      code: codeByNumber,
      service: byPath,
    },
  ],
];

const CALLED_IN_FLIGHT = "rollcall_client_in_flight";
const SERVED_IN_FLIGHT = "rollcall_server_in_flight";
const EXPECTED = "rollcall_client_expected_latency_seconds";
const WANTED = new Set([
  ...FAMILIES.flat().flatMap(({ buckets, counts }) => [buckets, counts]),
  ...[CALLED_IN_FLIGHT, SERVED_IN_FLIGHT, EXPECTED],
]);

/**
 * Where a DevServer tells its metrics.
 * @param from `host:port`, with a path where it is not /metrics.
 * @throws TypeError for what is none.
 */
export function metricsUrl(from: string): URL {
  const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(from) ? from : `http://${from}`);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`${url.protocol} is not HTTP`);
  if (url.pathname === "/") url.pathname = "/metrics";
  return url;
}

/** A DevServer, or anything else that serves Rollcall's or go-zero's metrics. */
export function devServerSource(url: URL): Source {
  const port = isOwnHost(url.hostname) ? Number(url.port || (url.protocol === "https:" ? 443 : 80)) : undefined;
  const before = new Map<string, Buckets>();
  return {
    name: url.href,
    async read() {
      const samples = groupBy(parseMetrics(await metricsAt(url.href, ANSWER_MS), WANTED), ({ name }) => name);
      const told = FAMILIES.flatMap((choice) => {
        const family = choice.find(({ counts }) => samples.has(counts));
        return family ? services(family, samples, url.host, before) : [];
      });
      return { services: told, port };
    },
  };
}

type Samples = ReadonlyMap<string, readonly Sample[]>;

function services(family: Family, samples: Samples, host: string, before: Map<string, Buckets>): ServiceCounts[] {
  const byService = ({ labels }: Sample) => family.service(labels);
  const counted = groupBy(samples.get(family.counts) ?? [], byService);
  const timed = groupBy(samples.get(family.buckets) ?? [], byService);
  counted.delete("");
  counted.delete(HEALTH_SERVICE);
  const running =
    family.side === "calls" ? calledInFlight : (_: string, all: Samples) => servedInFlight(all, counted.size);
  return [...counted].map(([service, counts]) => {
    const name = `${family.buckets} ${service}`;
    const buckets = bucketsOf(timed.get(service) ?? []);
    const since = bucketsSince(buckets, before.get(name));
    before.set(name, buckets);
    const ms = (share: number) => {
      const value = quantile(share, since) ?? quantile(share, buckets);
      return value === undefined ? undefined : value * family.unitMs;
    };
    const failed = counts.filter(({ labels }) => outcomeOf(family.code(labels)) === "failure");
    const own = {
      calls: sum(counts),
      failures: sum(failed),
      p50Ms: ms(0.5),
      p99Ms: ms(0.99),
      inFlight: running(service, samples),
    };
    const instances =
      family.side === "serves" ? [{ address: host, counted: true, ...own }] : calledInstances(service, samples);
    return { side: family.side, service, ...own, instances };
  });
}

function calledInFlight(service: string, samples: Samples): number | undefined {
  const own = (samples.get(CALLED_IN_FLIGHT) ?? []).filter(({ labels }) => labels.service === service);
  return own.length === 0 ? undefined : sum(own);
}

/** Counted by server, not by gRPC service. */
function servedInFlight(samples: Samples, services: number): number | undefined {
  const all = samples.get(SERVED_IN_FLIGHT) ?? [];
  return all.length === 0 || services !== 1 ? undefined : sum(all);
}

/** Only with ROLLCALL_METRICS_INSTANCES=1 metrics name instances, and even then calls are counted by service. */
function calledInstances(service: string, samples: Samples): InstanceCounts[] {
  const of = (name: string) =>
    new Map(
      (samples.get(name) ?? [])
        .filter(({ labels }) => labels.service === service && labels.instance !== undefined)
        .map(({ labels, value }) => [labels.instance!, value]),
    );
  const running = of(CALLED_IN_FLIGHT);
  const expected = of(EXPECTED);
  return [...new Set([...running.keys(), ...expected.keys()])].map((address) => {
    const seconds = expected.get(address);
    return {
      address,
      counted: false,
      calls: 0,
      failures: 0,
      inFlight: running.get(address),
      expectedMs: seconds ? seconds * 1_000 : undefined,
    };
  });
}

/** Whether a host, as a URL has it, is this machine. */
function isOwnHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "");
  return isLoopbackHost(host) || plain === hostname() || ownAddresses().some(({ address }) => address === plain);
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((all, { value }) => all + value, 0);
}
