import type { Present } from "../backends/etcd/index.js";
import { outcomeOf } from "../balancer/outcome.js";
import { groupBy } from "../group-by.js";
import type { ProcessState } from "../observe/state.js";
import { statusName } from "../observe/status-names.js";
import { parseMetrics, type Sample } from "../operator/metrics-text.js";
import type { Counts } from "./rates.js";

/** What one process is known to do, whichever way it is known. */
export interface ProcessReport {
  /** Its own among all processes of the fleet. */
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly serves: readonly { readonly service: string; readonly address: string }[];
  /** What its own server has answered; undefined where it does not say, or has several. */
  readonly served?: Counts;
  readonly calls: readonly ReportedCalls[];
}

export interface ReportedCalls {
  readonly service: string;
  /** Undefined where nothing but the call itself is known. */
  readonly counts?: Counts;
  readonly instances: readonly ReportedInstance[];
}

export interface ReportedInstance {
  readonly address: string;
  /** Undefined where it is known alone how it does, not how often it is called. */
  readonly counts?: Counts;
  readonly expectedMs: number;
  /** As the balancer takes the next call to fail, 0 to 1. */
  readonly failureRate: number;
}

/** As its inspect socket tells it. */
export function reportOfState({ host, pid, name, startedAt, calls, serves }: ProcessState): ProcessReport {
  const listed = serves.flatMap(({ service, address }) => (service && address ? [{ service, address }] : []));
  const served = serves.length === 1 ? serves[0]!.totals : undefined;
  return {
    id: processId({ host, pid, startedAt }),
    name,
    startedAt,
    serves: listed,
    ...(served && { served }),
    calls: calls.map(({ service, totals, instances }) => ({
      service,
      counts: totals,
      instances: instances.map(({ address, calls, failures, expectedMs, failureRate }) => {
        return { address, counts: { calls, failures }, expectedMs, failureRate };
      }),
    })),
  };
}

const ATTEMPTS = "rollcall_client_attempts_total";
const FAILURES = "rollcall_client_failures_total";
const SERVED_COUNT = "grpc_server_call_duration_seconds_count";
const SERVED_SECONDS = "grpc_server_call_duration_seconds_sum";
/** Of single instances where ROLLCALL_METRICS_INSTANCES=1 asks for it. */
const EXPECTED = "rollcall_client_expected_latency_seconds";
const FAILURE_RATE = "rollcall_client_failure_rate";
const WANTED = new Set([ATTEMPTS, FAILURES, SERVED_COUNT, SERVED_SECONDS, EXPECTED, FAILURE_RATE]);

/** As its presence and its /metrics tell it. @param metrics undefined where they cannot be read. */
export function reportOfPresence(presence: Present, metrics: string | undefined): ProcessReport {
  const samples = metrics === undefined ? [] : parseMetrics(metrics, WANTED);
  const { name, startedAt, serves, calls } = presence;
  const served = serves.length === 1 ? servedCounts(samples) : undefined;
  return {
    id: processId(presence),
    name,
    startedAt,
    serves,
    ...(served && { served }),
    calls: calls.map((service) => {
      const counted = (wanted: string) =>
        samples.find(({ name, labels }) => name === wanted && labels.service === service)?.value;
      const attempts = counted(ATTEMPTS);
      const counts = attempts === undefined ? {} : { counts: { calls: attempts, failures: counted(FAILURES) ?? 0 } };
      return { service, ...counts, instances: instancesIn(samples, service) };
    }),
  };
}

/** Of metrics that name instances; without the label a number is the whole service's. */
function instancesIn(samples: readonly Sample[], service: string): ReportedInstance[] {
  const of = (wanted: string) =>
    samples.filter(({ name, labels }) => name === wanted && labels.service === service && labels.instance);
  // Of one that has not answered yet no latency is expected, but it may fail.
  const expected = new Map(of(EXPECTED).map(({ labels, value }) => [labels.instance, value]));
  return of(FAILURE_RATE).map(({ labels: { instance = "" }, value }) => ({
    address: instance,
    expectedMs: (expected.get(instance) ?? 0) * 1_000,
    failureRate: value,
  }));
}

/**
 * Reports are asked for now and then; what presences say is known at once. So whoever is new is there, whoever has gone is not, and
 * calls what its presence says.
 */
export function withPresences(
  reports: readonly ProcessReport[],
  before: readonly Present[],
  now: readonly Present[],
): ProcessReport[] {
  const was = new Map(before.map((one) => [processId(one), one]));
  const is = new Map(now.map((one) => [processId(one), one]));
  const known = new Set(reports.map(({ id }) => id));
  const kept = reports.flatMap((report) => {
    const presence = is.get(report.id);
    if (!presence) return was.has(report.id) ? [] : [report];
    const said = was.get(report.id)?.calls ?? [];
    const calls = report.calls.filter(({ service }) => presence.calls.includes(service) || !said.includes(service));
    const others = presence.calls.filter((service) => !calls.some((one) => one.service === service));
    return [{ ...report, calls: [...calls, ...others.map((service) => ({ service, instances: [] }))] }];
  });
  const fresh = now.filter((presence) => !known.has(processId(presence)));
  return [...kept, ...fresh.map((presence) => reportOfPresence(presence, undefined))];
}

const FAILURE_NAMES = new Set(
  Array.from({ length: 17 }, (_, code) => code).flatMap((code) =>
    outcomeOf(code) === "failure" ? [statusName(code)] : [],
  ),
);

function servedCounts(samples: readonly Sample[]): Counts | undefined {
  const own = samples.filter(({ labels }) => !labels.grpc_method?.startsWith("grpc.health.v1."));
  const calls = own.filter(({ name }) => name === SERVED_COUNT);
  if (calls.length === 0) return undefined;
  const failed = calls.filter(({ labels }) => FAILURE_NAMES.has(labels.grpc_status ?? ""));
  const seconds = own.filter(({ name }) => name === SERVED_SECONDS);
  return { calls: sum(calls), failures: sum(failed), totalMs: sum(seconds) * 1_000 };
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((all, { value }) => all + value, 0);
}

/** A process has a presence for each account and lease time that its clients have at etcd: together they are what it calls. */
export function byProcess(presences: readonly Present[]): Present[] {
  return [...groupBy(presences, processId).values()].map((same) => ({
    ...same[0]!,
    calls: [...new Set(same.flatMap(({ calls }) => calls))].sort(),
  }));
}

/** Containers on their host's network have its name, and are often number 1 each: when they began tells them apart. */
function processId({ host, pid, startedAt }: Pick<Present, "host" | "pid" | "startedAt">): string {
  return `${host}:${pid}:${startedAt}`;
}
