import { knownCode, statusName } from "../status-names.js";
import { Buckets } from "./buckets.js";
import type { ChannelLabels } from "./labels.js";
import type { Measures, MoreAttempts } from "./measures.js";
import { LATENCY_BUCKETS, RETRY_BUCKETS, SIZE_BUCKETS } from "./opentelemetry-metrics.js";
import type { Reading } from "./readings.js";
import { Series, type SeriesOf } from "./series.js";

/** go-zero's buckets, in whole milliseconds. */
const GO_ZERO_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000];

interface Shown {
  /** As Prometheus names it. */
  readonly name: string;
  readonly help: string;
}

/** A number of calls. */
export interface CallCounter extends Shown {
  readonly labels: readonly string[];
  read(): Iterable<Reading>;
}

/** How some number of calls is spread. */
export interface CallHistogram extends Shown {
  read(): Iterable<{ readonly labels: Record<string, string>; readonly buckets: Buckets }>;
}

type LabelsOf = (series: SeriesOf) => Record<string, string>;

const byTarget: LabelsOf = ({ target, method }) => ({ grpc_method: method, grpc_target: target });
const byStatus: LabelsOf = (of) => ({ ...byTarget(of), grpc_status: statusName(of.code) });
const byMethod: LabelsOf = ({ method }) => ({ grpc_method: method });
const byServedStatus: LabelsOf = (of) => ({ ...byMethod(of), grpc_status: statusName(of.code) });
const goZeroMethod: LabelsOf = ({ method }) => ({ method: `/${method}` });
const goZeroCode: LabelsOf = (of) => ({ ...goZeroMethod(of), code: String(of.code) });

/**
 * Counts calls for Prometheus, under the names of gRFC A66 and of go-zero. The counting is our own and takes fractions of a
 * microsecond a call; text is made when somebody scrapes. (prom-client hashes the labels of each value: microseconds each.)
 */
export class CallMetrics implements Measures {
  readonly counters: CallCounter[] = [];
  readonly histograms: CallHistogram[] = [];

  readonly #attemptsStarted = this.#counter("grpc_client_attempt_started_total", "Attempts started", byTarget);
  readonly #attemptSeconds = this.#histogram(
    "grpc_client_attempt_duration_seconds",
    "Time from the start of an attempt to its end",
    byStatus,
    LATENCY_BUCKETS,
  );
  readonly #sentBytes = this.#histogram(
    "grpc_client_attempt_sent_total_compressed_message_size_bytes",
    "Bytes of messages sent in an attempt",
    byStatus,
    SIZE_BUCKETS,
  );
  readonly #receivedBytes = this.#histogram(
    "grpc_client_attempt_rcvd_total_compressed_message_size_bytes",
    "Bytes of messages received in an attempt",
    byStatus,
    SIZE_BUCKETS,
  );
  readonly #callSeconds = this.#histogram(
    "grpc_client_call_duration_seconds",
    "Time of a call as its caller sees it, all attempts together",
    byStatus,
    LATENCY_BUCKETS,
  );
  readonly #retries = this.#histogram(
    "grpc_client_call_retries",
    "Attempts after a failed one, of the calls that had any",
    byTarget,
    RETRY_BUCKETS,
  );
  readonly #hedges = this.#histogram(
    "grpc_client_call_hedges",
    "Copies sent beside a running attempt, of the calls that had any",
    byTarget,
    RETRY_BUCKETS,
  );
  readonly #served = this.#counter("grpc_server_call_started_total", "Calls that have come in", byMethod);
  readonly #servedSeconds = this.#histogram(
    "grpc_server_call_duration_seconds",
    "Time of a call as the server sees it",
    byServedStatus,
    LATENCY_BUCKETS,
  );
  readonly #servedSentBytes = this.#histogram(
    "grpc_server_call_sent_total_compressed_message_size_bytes",
    "Bytes of messages that a server sent in a call",
    byServedStatus,
    SIZE_BUCKETS,
  );
  readonly #servedReceivedBytes = this.#histogram(
    "grpc_server_call_rcvd_total_compressed_message_size_bytes",
    "Bytes of messages that a server received in a call",
    byServedStatus,
    SIZE_BUCKETS,
  );
  readonly #goZeroClient = this.#goZero("client");
  readonly #goZeroServer = this.#goZero("server");

  attemptStarted({ target }: ChannelLabels, method: string): void {
    this.#attemptsStarted.of(target, method, 0).value += 1;
  }

  attemptEnded(
    { target }: ChannelLabels,
    method: string,
    code: number,
    seconds: number,
    sent: number,
    received: number,
  ): void {
    const known = knownCode(code);
    this.#attemptSeconds.of(target, method, known).add(seconds);
    this.#sentBytes.of(target, method, known).add(sent);
    this.#receivedBytes.of(target, method, known).add(received);
  }

  callEnded({ target }: ChannelLabels, method: string, code: number, seconds: number, more: MoreAttempts): void {
    const known = knownCode(code);
    this.#callSeconds.of(target, method, known).add(seconds);
    if (more.retries > 0) this.#retries.of(target, method, 0).add(more.retries);
    if (more.hedges > 0) this.#hedges.of(target, method, 0).add(more.hedges);
    this.#goZeroClient(method, known, seconds);
  }

  serverStarted(method: string): void {
    this.#served.of("", method, 0).value += 1;
  }

  serverEnded(method: string, code: number, seconds: number, sent: number, received: number): void {
    const known = knownCode(code);
    this.#servedSentBytes.of("", method, known).add(sent);
    this.#servedReceivedBytes.of("", method, known).add(received);
    this.#servedSeconds.of("", method, known).add(seconds);
    this.#goZeroServer(method, known, seconds);
  }

  /** go-zero's own two metrics of each side, so that one dashboard shows both halves of a fleet. */
  #goZero(side: "client" | "server"): (method: string, code: number, seconds: number) => void {
    const duration = this.#histogram(
      `rpc_${side}_requests_duration_ms`,
      `rpc ${side} requests duration(ms).`,
      goZeroMethod,
      GO_ZERO_BUCKETS,
    );
    const codes = this.#counter(`rpc_${side}_requests_code_total`, `rpc ${side} requests code count.`, goZeroCode);
    return (method, code, seconds) => {
      duration.of("", method, 0).add(Math.floor(seconds * 1000));
      codes.of("", method, code).value += 1;
    };
  }

  #counter(name: string, help: string, labelsOf: LabelsOf): Series<{ value: number }> {
    const series = new Series(() => ({ value: 0 }));
    const labels = Object.keys(labelsOf({ target: "", method: "", code: 0 }));
    const read = () => [...series].map(([of, { value }]) => ({ labels: labelsOf(of), value }));
    this.counters.push({ name, help, labels, read });
    return series;
  }

  #histogram(name: string, help: string, labelsOf: LabelsOf, bounds: readonly number[]): Series<Buckets> {
    const series = new Series(() => new Buckets(bounds));
    const read = () => [...series].map(([of, buckets]) => ({ labels: labelsOf(of), buckets }));
    this.histograms.push({ name, help, read });
    return series;
  }
}
