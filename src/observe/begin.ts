import { detached } from "../async/detached.js";
import { harmless } from "./harmless.js";
import { inspectIfAsked } from "./inspect/inspect.js";
import { openTelemetryMeasures } from "./metrics/opentelemetry-metrics.js";
import { logEachMinute } from "./minute-log.js";
import { onFirstSource } from "./sources.js";

/** How often it is looked whether an SDK for metrics has been set, in milliseconds: in a process without gRPC no call looks. */
const LOOK_MS = 5_000;

let begun = false;

/**
 * What is told of a process from its first client or server on: to `$ROLLCALL_INSPECT`, to the log in a line a minute, and to the
 * metrics of an OpenTelemetry SDK. For every part that makes clients, with gRPC or without: a process has one of each, whoever comes
 * first.
 */
export function observeProcess(): void {
  if (begun) return;
  begun = true;
  inspectIfAsked();
  logEachMinute();
  const look = () => harmless(openTelemetryMeasures);
  onFirstSource(() => {
    look();
    detached(() => setInterval(look, LOOK_MS).unref());
  });
}
