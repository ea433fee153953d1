import { type Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { parseAddress } from "../../address.js";

/** Does nothing until the application installs an OpenTelemetry SDK. */
const tracer = trace.getTracer("rollcall");

/**
 * Begins the span of an outgoing call and writes its context into the call's metadata.
 * Names follow https://opentelemetry.io/docs/specs/semconv/rpc/grpc/.
 */
export function beginClientSpan(path: string, target: string, metadata: Metadata): Span {
  const [, service = "", method = ""] = path.split("/");
  const span = tracer.startSpan(`${service}/${method}`, {
    kind: SpanKind.CLIENT,
    attributes: { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method, "server.address": target },
  });
  propagation.inject(trace.setSpan(context.active(), span), metadata, {
    set: (carrier, name, value) => carrier.set(name, value),
  });
  return span;
}

/** @param peer the instance that served the call, `host:port`. */
export function endClientSpan(span: Span, end: StatusObject, peer: string): void {
  span.setAttribute("rpc.grpc.status_code", end.code);
  span.setAttributes(peerAttributes(peer));
  if (end.code !== status.OK) span.setStatus({ code: SpanStatusCode.ERROR, message: end.details });
  span.end();
}

/** A call that never reached an instance has no peer. */
function peerAttributes(peer: string): Record<string, string | number> {
  try {
    const { host, port } = parseAddress(peer);
    return { "peer.address": peer, "network.peer.address": host, "network.peer.port": port };
  } catch {
    return {};
  }
}
