import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { parseAddress } from "../address.js";
import { log } from "../log.js";
import { describeFailure, EtcdError } from "./errors.js";
import { EtcdSession, type SessionOptions } from "./etcd-session.js";
import type { PingPace } from "./rpc/ping-pace.js";
import { RpcError, Status } from "./rpc/status.js";
import { Transport } from "./rpc/transport.js";
import type { Session } from "./session.js";
import { tlsOptions } from "./tls.js";

export interface DialOptions extends SessionOptions {
  readonly pace: PingPace;
  /** Limit of connecting, of each address, in milliseconds. Default 3,000. */
  readonly timeoutMs?: number;
}

/**
 * Connects to one host and authenticates there.
 * @throws Error that names the host: it does not answer, has no leader, refuses the user or the certificate.
 */
export async function dial(host: string, options: DialOptions): Promise<Session> {
  const { settings, pace, timeoutMs = 3_000, signal } = options;
  const { host: name, port } = parseAddress(host);
  const tls = await tlsOptions(settings, name);
  const onTooManyPings = () =>
    log.warn(
      { host },
      `etcd at ${host} closed the connection because of too many pings; one every ${pace.intervalMs / 1_000} s from now on ` +
        "(--grpc-keepalive-min-time of etcd, or a proxy before it, allows no more)",
    );
  let failure: unknown;
  for (const address of await addressesOf(host, name)) {
    try {
      const connecting = { address, port, tls, timeoutMs, signal, authority: host, pace, onTooManyPings };
      const session = new EtcdSession(host, await Transport.connect(connecting), options);
      await session.open(timeoutMs);
      return session;
    } catch (error) {
      signal.throwIfAborted();
      failure = error instanceof RpcError ? describeFailure(error, host, settings) : error;
    }
  }
  throw failure;
}

async function addressesOf(host: string, name: string): Promise<string[]> {
  if (isIP(name)) return [name];
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new EtcdError(host, Status.UNAVAILABLE, `its name is not found (${(error as NodeJS.ErrnoException).code})`);
  }
}
