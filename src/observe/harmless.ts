import { log } from "../log.js";

let said = false;

/**
 * Runs what only looks at a call: metrics and spans, which are an SDK's of the application's choice. What it throws is logged once,
 * and touches no call.
 */
export function harmless<R>(look: () => R): R | undefined {
  try {
    return look();
  } catch (error) {
    if (!said) log.error({ err: error }, "metrics or traces fail: calls go on without them (said once)");
    said = true;
    return undefined;
  }
}
