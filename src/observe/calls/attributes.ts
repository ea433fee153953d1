import type { Attributes } from "@opentelemetry/api";
import { parseAddress } from "../../address.js";

/** So many instances' attributes are kept, so that they are not made for each call. */
const MOST_PEERS = 1_000;

const peers = new Map<string, Attributes>();

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

/** Of the instance that answered. */
export function peerAttributes(peer: string): Attributes {
  const known = peers.get(peer);
  if (known) return known;
  if (peers.size >= MOST_PEERS) peers.clear();
  const made = attributesOf(peer);
  peers.set(peer, made);
  return made;
}

/** A call that never reached an instance has no peer. */
function attributesOf(peer: string): Attributes {
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
