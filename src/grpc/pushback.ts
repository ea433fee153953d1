import { type Metadata, status } from "@grpc/grpc-js";
import type { StatusObject } from "./shield/experimental.js";

/** The trailer by which a server says when to come again (https://github.com/grpc/proposal/blob/master/A6-client-retries.md). */
export const PUSHBACK = "grpc-retry-pushback-ms";

/** No server keeps calls away for longer, in milliseconds. */
const LONGEST_MS = 30_000;

/** The server's word that it is full. */
export interface Pushback {
  /** When to come again, in milliseconds. */
  readonly ms: number;
  /** Whether the call may be tried elsewhere. */
  readonly elsewhere: boolean;
}

/** What the end of a call says of a full server; undefined when it says nothing of the kind. A negative number forbids to try again. */
export function pushbackOf({ code, metadata }: StatusObject): Pushback | undefined {
  if (code !== status.RESOURCE_EXHAUSTED) return undefined;
  const said = textOf(metadata);
  if (said === undefined || !/^-?\d{1,15}$/.test(said)) return undefined;
  const ms = Number(said);
  return { ms: Math.min(Math.max(ms, 0), LONGEST_MS), elsewhere: ms >= 0 };
}

/** Whether the server forbids another attempt, whatever the code: by a negative number, or one that cannot be read (gRFC A6). */
export function forbidsAnother({ metadata }: StatusObject): boolean {
  const said = textOf(metadata);
  return said !== undefined && !/^\d+$/.test(said);
}

function textOf(metadata: Metadata | null | undefined): string | undefined {
  const [said] = metadata?.get(PUSHBACK) ?? [];
  return said === undefined ? undefined : String(said).trim();
}
