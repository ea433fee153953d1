import type { Outcome } from "../balancer/outcome.js";
import { isRefusedStream } from "../pool/outcome.js";
import { errorOf, isRepeatable } from "./body.js";

/** How far a request had come when it failed. */
export interface FailedRequest {
  /** Its connection stood, and it was written, or was about to be. */
  readonly started: boolean;
  /** The headers of its answer have come. */
  readonly answered: boolean;
  /** Its caller gave it up, for whatever reason. */
  readonly aborted: boolean;
  readonly body: unknown;
}

export interface Failure {
  /** What it says of the instance. */
  readonly outcome: Outcome;
  readonly timedOut: boolean;
  /** Whether the request may be made again: nothing of it has left this machine, or the server has refused it unprocessed. */
  readonly elsewhere: boolean;
}

/** How undici refuses what it is asked, or ends as it was told to. */
const CALLERS_DOING = new Set([
  "UND_ERR_ABORTED",
  "UND_ERR_CLOSED",
  "UND_ERR_DESTROYED",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
  "ABORT_ERR",
]);

/**
 * What the failure of a request means. The error may be anything: callers abort with reasons of their own.
 * A connection that does not come about fails in as many ways as TLS has, so it is told by what did not happen yet.
 */
export function failureOf(error: unknown, { started, answered, aborted, body }: FailedRequest): Failure {
  const { name, code, syscall } = factsOf(error);
  const timedOut = name.endsWith("TimeoutError");
  if (aborted || name === "AbortError") {
    // How long an answer goes on is its caller's affair.
    return { outcome: timedOut && !answered ? "failure" : "ignore", timedOut, elsewhere: false };
  }
  const refused = isRefusedStream(error);
  // undici ends a body with the error of its connection.
  const connections = refused || code.startsWith("UND_ERR_") || syscall === "read" || syscall === "write";
  const callers = CALLERS_DOING.has(code) || (!connections && errorOf(body) === error);
  // undici says that a request has begun before it opens an HTTP/2 stream.
  const elsewhere = started ? refused && !answered && isRepeatable(body) : !callers;
  return { outcome: callers ? "ignore" : "failure", timedOut, elsewhere };
}

/** The status of an answer that undici's responseError, composed nearer to the wire, has made an error of. */
export function answeredBy(error: unknown): number | undefined {
  const { code, statusCode } = (error ?? {}) as Record<string, unknown>;
  return code === "UND_ERR_RESPONSE" && typeof statusCode === "number" ? statusCode : undefined;
}

function factsOf(error: unknown): { name: string; code: string; syscall: string } {
  const { name, code, syscall } = (error ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return { name: text(name), code: text(code), syscall: text(syscall) };
}
