/** gRPC's status codes by number (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md). */
const NAMES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** A code that gRPC does not know is UNKNOWN. */
export function statusName(code: number): string {
  return NAMES[code] ?? "UNKNOWN";
}

/** The code itself, or that of UNKNOWN for one that gRPC does not know. */
export function knownCode(code: number): number {
  return code in NAMES ? code : NAMES.indexOf("UNKNOWN");
}

/** The number of a code by its name; that of UNKNOWN for a name gRPC does not know. */
export function statusCode(name: string): number {
  const code = (NAMES as readonly string[]).indexOf(name);
  return code < 0 ? NAMES.indexOf("UNKNOWN") : code;
}
