import { connections, ejections } from "../../tally.js";
import { type ConnectionState, upState } from "./connection-state.js";

/** Counts what a connection's change of state means, for metrics. That of a connection that is closed here means nothing. */
export function countChange(service: string, before: ConnectionState, now: ConnectionState): void {
  if (now.is === "closed") return;
  const [was, is] = [upState(before), upState(now)];
  if (is && !was) connections.opened.count(service);
  if (was && !is) connections.lost.count(service);
  if (now.is === "connecting" && now.failure !== undefined) connections.failed.count(service);
  if (is?.is === "not serving" && was?.is !== "not serving") ejections.count(service);
}
