import { type ServiceError, status } from "@grpc/grpc-js";

/** A call to etcd that failed. The message names the host and, where there is one, the mend. */
export class EtcdError extends Error {
  override readonly name = "EtcdError";
  readonly code: status;
  readonly host: string;
  /** What etcd (or the transport) said, word by word. */
  readonly details: string;

  constructor(host: string, code: status, details: string, advice = "") {
    super(`etcd at ${host}: ${details}${advice && `; ${advice}`}`);
    this.host = host;
    this.code = code;
    this.details = details;
  }
}

/** Puts into words what grpc-js reports of a call. */
export function describeFailure(error: ServiceError, host: string, user: string | undefined): EtcdError {
  const details = plain(error.details || error.message);
  return new EtcdError(host, error.code, details, advice(error.code, details, user));
}

/** The lease does not exist (any more): it expired, was revoked, or etcd lost its data. */
export function isLeaseGone(error: unknown): boolean {
  return error instanceof EtcdError && error.code === status.NOT_FOUND && error.details.includes("lease");
}

/** The token expired, or users were changed since it was given. Authenticating again mends it. */
export function isTokenStale(error: unknown): boolean {
  return error instanceof EtcdError && /invalid auth token|revision of auth store is old/.test(error.details);
}

/** The user may not do this. */
export function isDenied(error: unknown): boolean {
  return error instanceof EtcdError && error.code === status.PERMISSION_DENIED;
}

/** The revision asked for has been compacted away, or is yet to come: the history is not the one we know. */
export function isOtherHistory(error: unknown): boolean {
  return error instanceof EtcdError && error.code === status.OUT_OF_RANGE;
}

/** The connection was closed with ENHANCE_YOUR_CALM; grpc-js' words for it in a call that ran. */
export function isCalledToCalm(error: ServiceError): boolean {
  return error.code === status.RESOURCE_EXHAUSTED && error.details.startsWith("Bandwidth exhausted");
}

function advice(code: status, details: string, user: string | undefined): string {
  const who = user === undefined ? "a client without a user" : `user "${user}"`;
  if (details.includes("authentication failed"))
    return `check the name and the password of ${who} (Etcd.User, Etcd.Pass)`;
  if (details.includes("user name is empty")) return "it asks for a user: set Etcd.User and Etcd.Pass";
  if (code === status.PERMISSION_DENIED) {
    return `${who} may not do this: grant a role that reads and writes the service's prefix`;
  }
  if (/self[- ]signed|unable to (?:verify|get)|CERT_|certificate|ERR_TLS|altnames/i.test(details)) {
    return "check Etcd.CACertFile, Etcd.CertFile and Etcd.CertKeyFile, and that the certificate names this host";
  }
  if (/Failed to connect|socket hang up|ECONNRESET|wrong version number|EPROTO|Socket closed/i.test(details)) {
    return "check that this is etcd's client port and that both sides agree on TLS";
  }
  return "";
}

/** grpc-js adds timestamps and the path a call took, which make equal failures look different. */
function plain(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (?:Error: )?/, "")
    .replace(/ ?\(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "")
    .replace(/\.? Resolution note: *$/, "")
    .replace(/^Deadline exceeded.*/s, "no answer in time");
}
