import type { ChannelLabels } from "./labels.js";
import { openTelemetryMeasures } from "./opentelemetry-metrics.js";

/** Attempts after a call's first. */
export interface MoreAttempts {
  /** Made because the one before had failed. */
  readonly retries: number;
  /** Made while the one before still ran. */
  readonly hedges: number;
}

/** Where measurements of calls go. One for OpenTelemetry, one for Prometheus. Times are seconds. */
export interface Measures {
  attemptStarted(channel: ChannelLabels, method: string): void;
  attemptEnded(
    channel: ChannelLabels,
    method: string,
    code: number,
    seconds: number,
    sent: number,
    received: number,
  ): void;
  /** @param more attempts after the first. */
  callEnded(channel: ChannelLabels, method: string, code: number, seconds: number, more: MoreAttempts): void;
  serverStarted(method: string): void;
  serverEnded(method: string, code: number, seconds: number, sent: number, received: number): void;
}

let prometheus: Measures | undefined;

/** Measurements go there too, from now on; undefined ends that. */
export function measureInto(measures: Measures | undefined): void {
  prometheus = measures;
}

/** Where measurements go now; undefined while nobody wants any, which is the usual case and costs a look. */
export function currentMeasures(): Measures | undefined {
  const own = openTelemetryMeasures();
  if (!own || !prometheus) return own ?? prometheus;
  return both(own, prometheus);
}

let paired: { readonly one: Measures; readonly other: Measures; readonly both: Measures } | undefined;

function both(one: Measures, other: Measures): Measures {
  if (paired?.one === one && paired.other === other) return paired.both;
  const pair: Measures = {
    attemptStarted(channel, method) {
      one.attemptStarted(channel, method);
      other.attemptStarted(channel, method);
    },
    attemptEnded(channel, method, code, seconds, sent, received) {
      one.attemptEnded(channel, method, code, seconds, sent, received);
      other.attemptEnded(channel, method, code, seconds, sent, received);
    },
    callEnded(channel, method, code, seconds, more) {
      one.callEnded(channel, method, code, seconds, more);
      other.callEnded(channel, method, code, seconds, more);
    },
    serverStarted(method) {
      one.serverStarted(method);
      other.serverStarted(method);
    },
    serverEnded(method, code, seconds, sent, received) {
      one.serverEnded(method, code, seconds, sent, received);
      other.serverEnded(method, code, seconds, sent, received);
    },
  };
  paired = { one, other, both: pair };
  return pair;
}
