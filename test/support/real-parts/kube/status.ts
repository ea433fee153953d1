/** What the API answers. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A Status object with its code. */
export function failure(code: number, reason: string, message: string): Reply {
  const body = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  return { status: code, body };
}
