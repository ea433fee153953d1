import { isIP } from "node:net";
import { MessageTooLong } from "./rpc/frames.js";
import { type RpcError, Status } from "./rpc/status.js";
import type { ConnectionSettings } from "./settings.js";

/** A call to etcd that failed. The message names the host and, where there is one, the fix. */
export class EtcdError extends Error {
  override readonly name = "EtcdError";
  /** The gRPC status code. */
  readonly code: number;
  readonly host: string;
  /** What etcd (or the transport) said, word by word. */
  readonly details: string;

  constructor(host: string, code: number, details: string, advice = "", options?: { readonly cause?: unknown }) {
    super(`etcd at ${host}: ${details}${advice && `; ${advice}`}`, options);
    this.host = host;
    this.code = code;
    this.details = details;
  }
}

/** Names the host and the fix of a failure of the transport or of etcd. */
export function describeFailure(failure: RpcError, host: string, settings: ConnectionSettings): EtcdError {
  const advice = adviceOnTransport(failure, host, settings) ?? adviceOnCall(failure, settings.user) ?? "";
  return new EtcdError(host, failure.code, failure.message, advice, { cause: failure });
}

/** The lease does not exist (any more): it expired, was revoked, or etcd lost its data. */
export function isLeaseGone(error: unknown): boolean {
  return error instanceof EtcdError && error.code === Status.NOT_FOUND && error.details.includes("lease");
}

/**
 * The token expired, users were changed since it was given, or there is none: it is being replaced, a log-in has failed, or etcd was
 * told only now to ask for one. Another one is to be asked for.
 */
export function isTokenStale(error: unknown): boolean {
  if (!(error instanceof EtcdError)) return false;
  return /invalid auth token|revision of auth store is old|user name is empty/.test(error.details);
}

/** The name or the password is wrong: no host of the cluster will say otherwise. */
export function isPasswordWrong(error: unknown): boolean {
  return error instanceof EtcdError && error.details.includes("authentication failed");
}

/** The user may not do this. */
export function isDenied(error: unknown): boolean {
  return error instanceof EtcdError && error.code === Status.PERMISSION_DENIED;
}

/** The revision asked for has been compacted away, or is yet to come: the history is not the one we know. */
export function isOtherHistory(error: unknown): boolean {
  return error instanceof EtcdError && error.code === Status.OUT_OF_RANGE;
}

/** The answer is longer than was allowed for. */
export function isTooLong(error: unknown): boolean {
  return error instanceof EtcdError && error.cause instanceof MessageTooLong;
}

function adviceOnCall({ code, message }: RpcError, user: string | undefined): string | undefined {
  const who = user === undefined ? "a client without a user" : `user "${user}"`;
  if (message.includes("authentication failed")) {
    return `check the name and the password of ${who} (Etcd.User, Etcd.Pass)`;
  }
  if (message.includes("user name is empty")) return "it asks for a user: set Etcd.User and Etcd.Pass";
  if (code === Status.PERMISSION_DENIED) {
    return `${who} may not do this: grant a role that reads and writes the service's prefix`;
  }
  return undefined;
}

/** By the codes of Node and OpenSSL. */
function adviceOnTransport(
  { message, cause }: RpcError,
  host: string,
  settings: ConnectionSettings,
): string | undefined {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  const text = `${code} ${message}`;
  const own = settings.certFile === undefined ? undefined : `Etcd.CertFile (${settings.certFile})`;
  if (
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|expects TLS|disconnected before secure/i.test(
      text,
    )
  ) {
    return settings.tls
      ? "it seems not to speak TLS on this port: write the host without https:// and give no TLS files, or turn TLS on at etcd"
      : "check that this is etcd's client port, and that both sides agree on TLS: write https:// before the host or give Etcd.CACertFile where etcd uses it";
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/i.test(text) && own === undefined) {
    return "it asks for a client certificate (TLS): set Etcd.CertFile and Etcd.CertKeyFile";
  }
  if (/ALERT_|alert /i.test(text) || /during the TLS handshake/.test(text)) {
    return own === undefined
      ? "if it asks for a client certificate (TLS), set Etcd.CertFile and Etcd.CertKeyFile"
      : `it refuses the client certificate ${own}: check that it has not expired and that its authority is one etcd trusts`;
  }
  if (/ALTNAME|altnames/i.test(text)) return nameAdvice(host);
  if (/self[- ]signed|unable to (?:verify|get)|CERT_|certificate/i.test(text)) {
    return "the certificate of etcd is checked against Etcd.CACertFile, or the authorities Node knows where that is not given; check that file and etcd's certificate";
  }
  if (/ECONNRESET|EPIPE|not gRPC|HTTP status|Protocol error|ERR_HTTP2/i.test(text)) {
    return "check that this is etcd's client port and that both sides agree on TLS";
  }
  return undefined;
}

function nameAdvice(host: string): string {
  const name = host.replace(/:\d+$/, "");
  const kind = isIP(name.replace(/^\[|\]$/g, "")) ? "IP address" : "DNS name";
  return `the certificate must name the host as Etcd.Hosts has it: write there a name that the certificate has, or sign a certificate with the ${kind} ${name}`;
}
