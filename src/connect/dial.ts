import { isIP, type Socket, connect as tcpConnect } from "node:net";
import { type ConnectionOptions, connect as tlsConnect } from "node:tls";
import type { HostPort } from "../address.js";

export interface DialOptions {
  readonly address: HostPort;
  /** Undefined for no TLS. */
  readonly tls: ConnectionOptions | undefined;
  /** The host that a certificate is verified against and that TLS is told (SNI), unless `tls` names another. */
  readonly name: string;
  /** The application protocols that TLS offers. */
  readonly alpn: readonly string[];
}

/** A socket on its way to an instance. It holds no process: whoever waits for a call does. */
export function openSocket({ address, tls, name, alpn }: DialOptions): Socket {
  const { host, port } = address;
  const servername = tls?.servername ?? (isIP(name) ? undefined : name);
  const socket = tls
    ? tlsConnect({ ALPNProtocols: [...alpn], ...tls, host, port, ...(servername !== undefined && { servername }) })
    : tcpConnect({ host, port });
  socket.setNoDelay(true);
  return socket.unref();
}
