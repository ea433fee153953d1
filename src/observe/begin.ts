import { inspectIfAsked } from "./inspect/inspect.js";
import { logEachMinute } from "./minute-log.js";

let begun = false;

/**
 * What is told of a process from its first client or server on: `$ROLLCALL_INSPECT`, and a line a minute. For every part that makes
 * clients, with gRPC or without: a process has one of each, whoever comes first.
 */
export function observeProcess(): void {
  if (begun) return;
  begun = true;
  inspectIfAsked();
  logEachMinute();
}
