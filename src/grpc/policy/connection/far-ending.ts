import { type Metadata, status } from "@grpc/grpc-js";
import type { StatusObject } from "../../shield/experimental.js";

/** How far clocks and timers of the two sides may be apart, in milliseconds: grpc-timeout is rounded, timers fire late. */
const TOLERANCE_MS = 10;

/** Milliseconds per unit (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
const UNITS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, S: 1e3, M: 60e3, H: 3_600e3 };

/**
 * The status that the far side ended a call with, as the caller must see it. A server that keeps the deadline resets the
 * stream with CANCEL when it has passed (grpc-go does), often a moment before the client's own timer fires. That is
 * DEADLINE_EXCEEDED, whoever noticed first.
 * @param elapsedMs since the call was started on its connection, with `sent` as its metadata.
 */
export function farEnding(end: StatusObject, sent: Metadata, elapsedMs: number): StatusObject {
  if (end.code !== status.CANCELLED) return end;
  if (!isAtDeadline(sent, elapsedMs)) return end;
  return {
    ...end,
    code: status.DEADLINE_EXCEEDED,
    details: `Deadline exceeded: the server ended the call at its deadline`,
  };
}

/** Whether the deadline of a call, started with this metadata so long ago, has passed. */
export function isAtDeadline(sent: Metadata, elapsedMs: number): boolean {
  const timeoutMs = timeoutOf(sent);
  return timeoutMs !== undefined && elapsedMs >= timeoutMs - TOLERANCE_MS;
}

/** What grpc-js has told the server of the deadline. */
function timeoutOf(sent: Metadata): number | undefined {
  const [, amount, unit] = /^(\d+)([numSMH])$/.exec(String(sent.get("grpc-timeout")[0] ?? "")) ?? [];
  return unit === undefined ? undefined : Number(amount) * UNITS[unit]!;
}
