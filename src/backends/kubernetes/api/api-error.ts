/** What kind of refusal or failure a request met; decides what is tried next. */
export type ApiErrorKind =
  | "unreachable" // no answer at all
  | "anonymous" // no credentials can be had
  | "unauthorized" // 401
  | "forbidden" // 403
  | "missing" // 404
  | "gone" // 410: the version asked for is too old
  | "refused" // any other answer of the server that is no success
  | "garbled"; // an answer that makes no sense

/** A request to the API server that failed. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly kind: ApiErrorKind;
  /** How long the server asks to be left alone, in milliseconds, as it says. */
  readonly retryAfterMs: number;

  constructor(kind: ApiErrorKind, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** The Status object the API server answers with when it refuses, and sends in a watch's ERROR event. */
export interface Status {
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** The error for a status code and the server's own words. */
export function refusal(prefix: string, code: number, status: Status | undefined, retryAfterMs = 0): ApiError {
  const words = status?.message ? `: ${status.message}` : "";
  const inBody = Number(status?.details?.retryAfterSeconds) * 1_000 || 0;
  const asked = Math.max(retryAfterMs, inBody);
  return new ApiError(kindOf(code), `${prefix} ${code}${words}`, { retryAfterMs: asked });
}

function kindOf(code: number): ApiErrorKind {
  switch (code) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "missing";
    case 410:
      return "gone";
    default:
      return "refused";
  }
}
