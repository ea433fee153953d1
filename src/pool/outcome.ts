import { isIPv4 } from "node:net";
import type { HostPort } from "../address.js";
import type { Outcome } from "../balancer/outcome.js";
import type { FailureOutcome } from "./options.js";

/** So many causes of an error are looked at. */
const DEPTH = 5;

/** Errors that say by their code that no connection, or no stream on it, came about. */
const CONNECT_CODES = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_INVALID_SESSION",
  "ERR_HTTP2_OUT_OF_STREAMS",
]);

export function isOutcome(word: unknown): word is Outcome {
  return word === "success" || word === "failure" || word === "ignore";
}

export function isFailureOutcome(word: unknown): word is FailureOutcome {
  return word === "not started" || isOutcome(word);
}

/** What an error of an exchange says of its instance unless the pool is told otherwise. */
export function outcomeOfError(error: unknown): FailureOutcome {
  return notStarted(error) ? "not started" : "failure";
}

/**
 * Whether an error proves that the far side has not begun the work: no connection came about, no stream could be opened on
 * the one there was, or the server refused the stream unprocessed (RFC 9113, 8.7). A connection that broke later proves nothing.
 * @param to where the exchange was made: an error that names another address is about something else. Default: whatever it names.
 */
export function notStarted(error: unknown, to?: HostPort): boolean {
  let at = error;
  for (let depth = 0; depth < DEPTH && typeof at === "object" && at !== null; depth++) {
    const { code, syscall, cause, errors } = at as Partial<NodeJS.ErrnoException> & {
      cause?: unknown;
      errors?: unknown;
    };
    if (to && namesAnother(at, to)) return false;
    if (syscall === "connect" || syscall === "getaddrinfo" || (code !== undefined && CONNECT_CODES.has(code)))
      return true;
    if (isRefusedStream(at)) return true;
    // One for each address of a host name that was tried.
    if (Array.isArray(errors) && errors.length > 0 && errors.every((one) => notStarted(one, to))) return true;
    at = cause;
  }
  return false;
}

/** Whether the server refused the stream unprocessed (RFC 9113, 8.7). Node says so in the message alone. */
export function isRefusedStream(error: unknown): boolean {
  const { code, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return code === "ERR_HTTP2_STREAM_ERROR" && /\bNGHTTP2_REFUSED_STREAM\b/.test(message ?? "");
}

/** Whether an error is of an attempt to connect to another host or port. Host names may stand for any address. */
function namesAnother(error: object, { host, port }: HostPort): boolean {
  const named = error as { address?: unknown; port?: unknown; hostname?: unknown };
  if (named.port !== undefined && Number(named.port) !== port) return true;
  if (isIPv4(host) && typeof named.address === "string" && isIPv4(named.address)) return named.address !== host;
  return typeof named.hostname === "string" && named.hostname !== host;
}

/** Whether the exchange ran out of time: what AbortSignal.timeout() and most clients throw. */
export function isTimeout(error: unknown): boolean {
  // By its name, for a test runner's globals may be classes of their own.
  return typeof error === "object" && error !== null && "name" in error && error.name === "TimeoutError";
}
