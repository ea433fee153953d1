import type { Attributes, Span } from "@opentelemetry/api";
import { parseAddress } from "../../address.js";
import { harmless } from "../harmless.js";
import { openTelemetry } from "../opentelemetry.js";
import { statusName } from "../status-names.js";

/**
 * Names of the RPC conventions (https://opentelemetry.io/docs/specs/semconv/rpc/grpc/), and beside them those of before, as
 * go-zero writes them, where the two do not contradict each other.
 */
export function methodAttributes(path: string): Attributes {
  const method = path.slice(1);
  return {
    "rpc.system.name": "grpc",
    "rpc.method": method,
    "rpc.system": "grpc",
    "rpc.service": method.slice(0, Math.max(0, method.lastIndexOf("/"))),
  };
}

export function endSpan(
  span: Span,
  code: number,
  details: string,
  { endTime, isError = code !== 0 }: { endTime?: number; isError?: boolean } = {},
): void {
  harmless(() => {
    span.setAttributes({ "rpc.response.status_code": statusName(code), "rpc.grpc.status_code": code });
    if (isError) {
      span.setAttribute("error.type", statusName(code));
      span.setStatus({ code: openTelemetry()!.SpanStatusCode.ERROR, message: details });
    }
    span.end(endTime);
  });
}

/** A call that never reached an instance has no peer. */
export function peerAttributes(peer: string): Attributes {
  try {
    const { host, port } = parseAddress(peer);
    return {
      "peer.address": peer,
      "server.address": host,
      "server.port": port,
      "network.peer.address": host,
      "network.peer.port": port,
    };
  } catch {
    return {};
  }
}
