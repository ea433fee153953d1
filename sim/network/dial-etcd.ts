import { onAbort } from "../../src/async/on-abort.js";
import type { ConnectOptions, Http2Connection } from "../../src/etcd-client/rpc/connect.js";
import { RpcError, Status } from "../../src/etcd-client/rpc/status.js";
import { Transport, type TransportOptions } from "../../src/etcd-client/rpc/transport.js";
import type { Process } from "../world/process.js";
import type { End } from "./connection.js";
import { type Frame, Http2Session } from "./http2.js";
import type { Network } from "./network.js";

/** Where etcd's members listen, by the last number of the address that was dialled. */
export function memberAddress(member: number): string {
  return `etcd-${member}`;
}

/** From now on the etcd client dials in this network; everything above sockets and HTTP/2's framing stays the real one. */
export function dialIn(network: Network, current: () => Process): void {
  const connect = async (options: TransportOptions) =>
    Reflect.construct(Transport, [await open(network, current(), options), options]) as Transport;
  Object.assign(Transport, { connect });
}

/** As src/etcd-client/rpc/connect.ts: resolves when the other side has spoken. */
function open(network: Network, from: Process, options: ConnectOptions): Promise<Http2Connection> {
  const { address, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    let end: End | undefined;
    let settled = false;
    const settle = () => {
      settled = true;
      clearTimeout(timer);
      release();
    };
    const fail = (error: Error) => {
      if (settled) return;
      settle();
      end?.close();
      reject(error);
    };
    const failed = (why: string) => fail(new RpcError(Status.UNAVAILABLE, why));
    const timer = setTimeout(
      () => failed(`${end ? "it does not answer" : "it cannot be connected to"} within ${timeoutMs} ms`),
      timeoutMs,
    );
    const release = onAbort(signal, () => fail(signal.reason as Error));
    const connected = (opened: End) => {
      end = opened;
      if (settled) return opened.close();
      opened.ear = {
        message: (frame) => {
          if ((frame as Frame).is !== "settings" || settled) return;
          settle();
          resolve(http2Over(opened));
        },
        closed: () => failed("it closed the connection without a word, as a server that expects TLS does"),
      };
    };
    network.dial(from, memberAddress(Number(address.split(".")[3])), connected, () =>
      failed(`connect ECONNREFUSED ${address}`),
    );
  });
}

function http2Over(end: End): Http2Connection {
  const session = new Http2Session(end);
  const socket = {
    get bytesRead() {
      return end.heard;
    },
    get destroyed() {
      return !end.open;
    },
    destroy: () => end.close(),
  };
  return { session, socket } as unknown as Http2Connection;
}
