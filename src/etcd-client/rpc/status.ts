/** gRPC's status codes (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md). */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** A call or a connection that failed; `cause` is Node's error, where there is one. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: Status;

  constructor(code: Status, details: string, options?: { readonly cause?: unknown }) {
    super(details, options);
    this.code = code;
  }
}

/** Of a number from the wire; one that is no status is UNKNOWN. */
export function statusOf(text: string): Status {
  const number = Number(text);
  return Object.values(Status).find((status) => status === number) ?? Status.UNKNOWN;
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
export function statusOfHttp(httpStatus: number): Status {
  if (httpStatus === 400) return Status.INTERNAL;
  if (httpStatus === 401) return Status.UNAUTHENTICATED;
  if (httpStatus === 403) return Status.PERMISSION_DENIED;
  if (httpStatus === 404) return Status.UNIMPLEMENTED;
  return [429, 502, 503, 504].includes(httpStatus) ? Status.UNAVAILABLE : Status.UNKNOWN;
}

/** HTTP/2 error codes of a reset stream (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors). */
export function statusOfReset(http2Code: number): Status {
  if (http2Code === 7) return Status.UNAVAILABLE; // REFUSED_STREAM: never processed
  if (http2Code === 8) return Status.CANCELLED; // CANCEL
  if (http2Code === 11) return Status.RESOURCE_EXHAUSTED; // ENHANCE_YOUR_CALM
  if (http2Code === 12) return Status.PERMISSION_DENIED; // INADEQUATE_SECURITY
  return Status.INTERNAL;
}

/** The text of `grpc-message`, which is percent-encoded; one that is badly encoded is shown as it came. */
export function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
