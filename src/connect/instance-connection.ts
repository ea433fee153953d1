import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { knock } from "../pool/knock.js";
import type { ConnectContext } from "../pool/options.js";
import { callAt } from "./call-url.js";
import type { DialOptions } from "./dial.js";
import { agentFor } from "./http1-agent.js";
import { Http2Connection } from "./http2-connection.js";
import type { Calling } from "./options.js";

/** How one instance is called. */
export interface InstanceConnection {
  readonly transport: Transport;
  /** Only where there is a connection of its own to ask over. */
  readonly probe?: (signal: AbortSignal) => Promise<void>;
  /** How many calls it takes at a time: a further one would wait for the end of one. */
  readonly capacity: () => number;
  /** Aborts when the connection is over, where there is one of its own. */
  readonly over?: AbortSignal;
  /** Ends what is under way when this aborts, where there is a connection of its own. Asked for each call, heeded once. */
  readonly endWith?: (dead: AbortSignal) => void;
  /** To be told when no connection came about. */
  readonly lost: ConnectContext["lost"];
  close(): void;
}

/** One of Connect's own transports, tied to one instance: it calls by the service's name and dials the instance's address. */
export async function connectInstance(calling: Calling, context: ConnectContext): Promise<InstanceConnection> {
  const { address, signal, lost } = context;
  const { baseUrl, tls, connectMs } = calling;
  const { hostname, origin } = new URL(baseUrl);
  const dial: DialOptions = { address, tls, name: hostname.replace(/^\[|\]$/g, ""), alpn: [] };
  if (calling.httpVersion === "1.1") {
    await knock(address, signal);
    const agent = agentFor(dial, connectMs);
    const transport = transportOf(calling, { httpVersion: "1.1", nodeOptions: { agent } });
    return { transport, lost, capacity: () => Number.POSITIVE_INFINITY, close: () => agent.destroy() };
  }
  const connection = await Http2Connection.open(origin, dial, signal, lost);
  const transport = transportOf(calling, { httpVersion: "2", sessionManager: connection });
  const { over } = connection;
  return {
    transport,
    lost,
    over,
    capacity: () => connection.capacity,
    endWith: (dead) => connection.endWith(dead),
    probe: (until) => connection.probe(until),
    close: () => connection.close(),
  };
}

type Connecting =
  | { readonly httpVersion: "1.1"; readonly nodeOptions: { readonly agent: ReturnType<typeof agentFor> } }
  | { readonly httpVersion: "2"; readonly sessionManager: Http2Connection };

function transportOf({ protocol, baseUrl, options }: Calling, connecting: Connecting): Transport {
  const all = { ...options, baseUrl, interceptors: [callAt], ...connecting };
  if (protocol === "connect") return createConnectTransport(all);
  if (protocol === "grpc-web") return createGrpcWebTransport(all);
  const { useHttpGet: _useHttpGet, ...grpc } = all;
  return createGrpcTransport(grpc as Parameters<typeof createGrpcTransport>[0]);
}
