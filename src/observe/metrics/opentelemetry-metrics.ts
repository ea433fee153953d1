import type { Attributes, Meter, MeterProvider, MetricOptions } from "@opentelemetry/api";
import { harmless } from "../harmless.js";
import { openTelemetry } from "../opentelemetry.js";
import { knownCode, statusName } from "../status-names.js";
import { GAUGES } from "./gauges.js";
import type { Measures } from "./measures.js";
import { Series, type SeriesOf } from "./series.js";

/** Buckets of gRFC A66 (https://github.com/grpc/proposal/blob/master/A66-otel-stats.md), in seconds and bytes. */
export const LATENCY_BUCKETS = [
  0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013,
  0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10,
  20, 50, 100,
];
export const SIZE_BUCKETS = [
  0, 1024, 2048, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864, 268435456, 1073741824, 4294967296,
];
/** Of gRFC A96. */
export const RETRY_BUCKETS = [0, 1, 2, 3, 4, 5];

let provider: MeterProvider | undefined;
let measures: Measures | undefined;

/**
 * Measurements into OpenTelemetry's metrics API; undefined while no SDK is set. The API has no proxy: an instrument made before the
 * SDK is set stays silent for ever, so instruments are made when they are first needed, and again when the provider is another.
 */
export function openTelemetryMeasures(): Measures | undefined {
  const api = openTelemetry();
  if (!api) return undefined;
  const current = api.metrics.getMeterProvider();
  if (current !== provider) {
    provider = current;
    measures = harmless(() => {
      const meter = current.getMeter("rollcall");
      return meter === api.createNoopMeter() ? undefined : measuresOf(meter);
    });
  }
  return measures;
}

function measuresOf(meter: Meter): Measures {
  const latency = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: "s",
      advice: { explicitBucketBoundaries: LATENCY_BUCKETS },
    });
  const size = (name: string, description: string) =>
    meter.createHistogram(name, { description, unit: "By", advice: { explicitBucketBoundaries: SIZE_BUCKETS } });

  const attemptsStarted = counted(meter, byTarget, "grpc.client.attempt.started", {
    description: "Attempts started, those that have not ended among them",
    unit: "{attempt}",
  });
  const attemptDuration = latency("grpc.client.attempt.duration", "Time from the start of an attempt to its end");
  const attemptSent = size(
    "grpc.client.attempt.sent_total_compressed_message_size",
    "Bytes of messages sent in an attempt",
  );
  const attemptReceived = size(
    "grpc.client.attempt.rcvd_total_compressed_message_size",
    "Bytes of messages received in an attempt",
  );
  const callDuration = latency(
    "grpc.client.call.duration",
    "Time of a call as its caller sees it, all attempts together",
  );
  const retries = meter.createHistogram("grpc.client.call.retries", {
    description: "Attempts after a failed one, of the calls that had any",
    unit: "{retry}",
    advice: { explicitBucketBoundaries: RETRY_BUCKETS },
  });
  const hedges = meter.createHistogram("grpc.client.call.hedges", {
    description: "Copies sent beside a running attempt, of the calls that had any",
    unit: "{hedge}",
    advice: { explicitBucketBoundaries: RETRY_BUCKETS },
  });
  const served = counted(meter, byMethod, "grpc.server.call.started", {
    description: "Calls that have come in, those that have not ended among them",
    unit: "{call}",
  });
  const servedDuration = latency("grpc.server.call.duration", "Time of a call as the server sees it");
  const servedSent = size(
    "grpc.server.call.sent_total_compressed_message_size",
    "Bytes of messages that a server sent in a call",
  );
  const servedReceived = size(
    "grpc.server.call.rcvd_total_compressed_message_size",
    "Bytes of messages that a server received in a call",
  );
  observeGauges(meter);

  // The same objects each time: they are looked at for each value.
  const ofCalls = new Series(byTarget);
  const ofAnswers = new Series(byStatus);
  const ofServed = new Series(byServedStatus);
  return {
    attemptStarted({ target }, method) {
      attemptsStarted.of(target, method, 0).value += 1;
    },
    attemptEnded({ target }, method, code, seconds, sent, received) {
      const attributes = ofAnswers.of(target, method, knownCode(code));
      harmless(() => {
        attemptDuration.record(seconds, attributes);
        attemptSent.record(sent, attributes);
        attemptReceived.record(received, attributes);
      });
    },
    callEnded({ target }, method, code, seconds, more) {
      harmless(() => {
        callDuration.record(seconds, ofAnswers.of(target, method, knownCode(code)));
        if (more.retries > 0) retries.record(more.retries, ofCalls.of(target, method, 0));
        if (more.hedges > 0) hedges.record(more.hedges, ofCalls.of(target, method, 0));
      });
    },
    serverStarted(method) {
      served.of("", method, 0).value += 1;
    },
    serverEnded(method, code, seconds, sent, received) {
      const attributes = ofServed.of("", method, knownCode(code));
      harmless(() => {
        servedDuration.record(seconds, attributes);
        servedSent.record(sent, attributes);
        servedReceived.record(received, attributes);
      });
    },
  };
}

const byTarget = ({ target, method }: SeriesOf): Attributes => ({ "grpc.method": method, "grpc.target": target });
const byStatus = (of: SeriesOf): Attributes => ({ ...byTarget(of), "grpc.status": statusName(of.code) });
const byMethod = ({ method }: SeriesOf): Attributes => ({ "grpc.method": method });
const byServedStatus = (of: SeriesOf): Attributes => ({ ...byMethod(of), "grpc.status": statusName(of.code) });

/** Counts by ourselves, and tells when it is asked: to count through the SDK costs microseconds each time. */
function counted(meter: Meter, attributes: (of: SeriesOf) => Attributes, name: string, options: MetricOptions) {
  const counts = new Series((of) => ({ value: 0, attributes: attributes(of) }));
  meter.createObservableCounter(name, options).addCallback((result) => {
    for (const [, { value, attributes }] of counts) result.observe(value, attributes);
  });
  return counts;
}

function observeGauges(meter: Meter): void {
  const observed = GAUGES.map((gauge) => {
    const { name, unit, help: description, counts } = gauge;
    const instrument = counts
      ? meter.createObservableCounter(name, { unit, description })
      : meter.createObservableGauge(name, { unit, description });
    return { gauge, instrument };
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const { gauge, instrument } of observed) {
        for (const { value, labels } of gauge.read()) result.observe(instrument, value, labels);
      }
    },
    observed.map(({ instrument }) => instrument),
  );
}
