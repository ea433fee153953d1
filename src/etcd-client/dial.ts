import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { parseAddress } from "../address.js";
import { abortable } from "../async/abortable.js";
import { afterRead } from "../async/after-read.js";
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
  /** Finds the addresses of a host name. Default: as the system does. */
  readonly lookUp?: (name: string) => Promise<string[]>;
}

/**
 * Connects to one host and authenticates there.
 * @throws Error that names the host: it does not answer, has no leader, refuses the user or the certificate.
 */
export async function dial(host: string, options: DialOptions): Promise<Session> {
  const { settings, pace, timeoutMs = 3_000, signal, lookUp = systemLookUp } = options;
  const { host: name, port } = parseAddress(host);
  const tls = await tlsOptions(settings, name);
  const onTooManyPings = () =>
    log.warn(
      { host },
      `etcd at ${host} closed the connection because of too many pings; one every ${pace.intervalMs / 1_000} s from now on ` +
        "(--grpc-keepalive-min-time of etcd, or a proxy before it, allows no more)",
    );
  let failure: unknown;
  const addresses = isIP(name) ? [name] : await addressesOf(host, name, { timeoutMs, signal, lookUp });
  for (const address of addresses) {
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

/** Lookups that have not been answered yet, by name: what comes late is for the next attempt, which begins no other. */
const underWay = new Map<string, Promise<string[]>>();

/** A DNS that is silent for one host's name keeps no other host waiting for longer than connecting may take. */
async function addressesOf(
  host: string,
  name: string,
  { timeoutMs, signal, lookUp }: Required<Pick<DialOptions, "timeoutMs" | "signal" | "lookUp">>,
): Promise<string[]> {
  const asked = underWay.get(name) ?? lookUp(name);
  underWay.set(name, asked);
  const forget = () => void (underWay.get(name) === asked && underWay.delete(name));
  asked.then(forget, forget);
  let stopTimer = () => {};
  const late = new Promise<void>((resolve) => {
    stopTimer = afterRead(timeoutMs, resolve);
  });
  try {
    const addresses = await abortable(Promise.race([asked, late]), signal);
    if (addresses) return addresses;
  } catch (error) {
    signal.throwIfAborted();
    throw new EtcdError(host, Status.UNAVAILABLE, `its name is not found (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    stopTimer();
  }
  throw new EtcdError(host, Status.UNAVAILABLE, `its name is not found within ${timeoutMs} ms: DNS does not answer`);
}

async function systemLookUp(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
