import { LONGEST_TIMER_MS } from "../async/backoff.js";
import { checkNames, refuse } from "../target/given.js";
import type { DevRegistryOptions } from "./index.js";

const OPTIONS = ["host", "port", "credentials", "minLeaseTtl", "progressNotifyIntervalMs", "keptRevisions"];

/** @throws TypeError that names the option which cannot be obeyed. */
export function checkOptions(options: DevRegistryOptions): void {
  checkNames("the dev registry", options, OPTIONS);
  const { host, port, minLeaseTtl, progressNotifyIntervalMs, keptRevisions } = options;
  if (host !== undefined && (typeof host !== "string" || host === "")) {
    refuse("host", host, "the address to listen on, 0.0.0.0 for all");
  }
  const whole = (value: unknown, least: number, most: number) =>
    value === undefined || (Number.isInteger(value) && (value as number) >= least && (value as number) <= most);
  if (!whole(port, 0, 65_535)) refuse("port", port, "a port from 1 to 65535, or 0 for a free one");
  if (!whole(minLeaseTtl, 1, 9_000_000_000)) refuse("minLeaseTtl", minLeaseTtl, "whole seconds, 1 or more");
  if (!whole(keptRevisions, 0, Number.MAX_SAFE_INTEGER))
    refuse("keptRevisions", keptRevisions, "a number of revisions");
  if (!whole(progressNotifyIntervalMs, 1, LONGEST_TIMER_MS)) {
    refuse("progressNotifyIntervalMs", progressNotifyIntervalMs, "whole milliseconds, from 1 to 24.8 days");
  }
}
