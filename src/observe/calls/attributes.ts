import type { Attributes } from "@opentelemetry/api";
import { parseAddress } from "../../address.js";
import { remembered } from "../../remembered.js";

/**
 * Names of the RPC conventions (https://opentelemetry.io/docs/specs/semconv/rpc/grpc/), and beside them those of before, as
 * go-zero writes them, where the two do not contradict each other.
 */
export const methodAttributes = remembered((path): Attributes => {
  const method = path.slice(1);
  return {
    "rpc.system.name": "grpc",
    "rpc.method": method,
    "rpc.system": "grpc",
    "rpc.service": method.slice(0, Math.max(0, method.lastIndexOf("/"))),
  };
});

/**
 * Of a call to a service, by its method: put together once, which costs more than the beginning of a span without it. To be
 * copied: an SDK may keep what it is given.
 */
export const clientAttributes = remembered((service) =>
  remembered(
    (path): Attributes => ({ ...methodAttributes(path), "server.address": service, "rollcall.service": service }),
  ),
);

/** Of the instance that answered; a call that never reached one has no peer. */
export const peerAttributes = remembered((peer): Attributes => {
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
});

/** Of the caller. @param peer as grpc-js has it: `host:port`, IPv6 without brackets; another word where it is not known (any more). */
export const callerAttributes = remembered((peer): Attributes => {
  const [, host, port] = /^(.+):(\d+)$/.exec(peer) ?? [];
  if (host === undefined) return {};
  return { "client.address": host, "network.peer.address": host, "network.peer.port": Number(port) };
});
