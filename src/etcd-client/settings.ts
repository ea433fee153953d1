import { resolve } from "node:path";
import { formatAddress, parseAddress, quote } from "../address.js";

/** How an etcd cluster is reached. */
export interface ConnectionSettings {
  /**
   * Members of one cluster, `host:port` each; one is used at a time. Without a port 2379; `http://` and `https://` may precede, and one text may
   * have several, separated by commas.
   */
  readonly hosts: readonly string[];
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  /** Client certificate for mutual TLS, a PEM file; needs certKeyFile. Files are read again for every new connection. */
  readonly certFile?: string | undefined;
  readonly certKeyFile?: string | undefined;
  /** PEM file of the authorities that may sign etcd's certificate. Turns TLS on. Default: Node's own list. */
  readonly caCertFile?: string | undefined;
  /** Takes any certificate of etcd. Turns TLS on. Default false. */
  readonly insecureSkipVerify?: boolean | undefined;
  /** Turns TLS on without any file. Default: on when a TLS setting is given or a host is written `https://host:port`. */
  readonly tls?: boolean | undefined;
}

const DEFAULT_PORT = 2379;

/**
 * The one way to write these settings: two that mean the same connection come out equal but for the order of hosts, however
 * hosts are spelled and whether a default is written out.
 * @throws TypeError that names the setting which is missing, cannot be read or contradicts another.
 */
export function normaliseSettings(settings: ConnectionSettings): ConnectionSettings {
  const { hosts, secure } = readHosts(settings.hosts);
  const { insecureSkipVerify = false } = settings;
  const [user, pass] = [given(settings.user), given(settings.pass)];
  const [certFile, certKeyFile] = [given(settings.certFile), given(settings.certKeyFile)];
  const caCertFile = given(settings.caCertFile);
  if (hosts.length === 0) throw new TypeError("etcd needs at least one host, for example 127.0.0.1:2379 (Etcd.Hosts)");
  if (pass !== undefined && user === undefined) throw new TypeError("Etcd.Pass is given without Etcd.User");
  if (certFile !== undefined && certKeyFile === undefined) {
    throw new TypeError("Etcd.CertFile is given without Etcd.CertKeyFile, the file of its private key");
  }
  if (certKeyFile !== undefined && certFile === undefined) {
    throw new TypeError("Etcd.CertKeyFile is given without Etcd.CertFile, the certificate it belongs to");
  }
  const wantsTls = [
    [secure, "a host is written https://"],
    [caCertFile !== undefined, "Etcd.CACertFile is given"],
    [certFile !== undefined, "Etcd.CertFile is given"],
    [insecureSkipVerify, "Etcd.InsecureSkipVerify is true"],
  ].find(([wants]) => wants);
  if (settings.tls === false && wantsTls) throw new TypeError(`etcd's tls is false, and yet ${wantsTls[1]}`);
  return {
    hosts,
    user,
    pass,
    certFile: certFile && resolve(certFile),
    certKeyFile: certKeyFile && resolve(certKeyFile),
    caCertFile: caCertFile && resolve(caCertFile),
    insecureSkipVerify,
    tls: settings.tls ?? wantsTls !== undefined,
  };
}

/** Equal for settings of one and the same connection. It holds the password: for comparing, not for showing. */
export function connectionKey(settings: ConnectionSettings): string {
  const { hosts, user, pass, certFile, certKeyFile, caCertFile, insecureSkipVerify, tls } = normaliseSettings(settings);
  return JSON.stringify([[...hosts].sort(), user, pass, certFile, certKeyFile, caCertFile, insecureSkipVerify, tls]);
}

/** The clients' usual ways of writing an endpoint are read: with and without a port, with and without http:// or https://. */
function readHosts(written: readonly string[]): { hosts: string[]; secure: boolean } {
  let secure = false;
  const hosts = new Set<string>();
  for (const one of written.flatMap((text) => text.split(","))) {
    const [, scheme, host] = /^(?:(https?):\/\/)?(.*?)\/*$/i.exec(one.trim())!;
    if (host === "") continue;
    if (scheme?.toLowerCase() === "https") secure = true;
    try {
      const address = parseAddress(/^(?:\[[^\]]*\]|[^:]+)$/.test(host!) ? `${host}:${DEFAULT_PORT}` : host!);
      hosts.add(formatAddress({ ...address, host: address.host.toLowerCase() }));
    } catch (error) {
      throw new TypeError(`etcd host ${quote(one)}: ${(error as Error).message}`, { cause: error });
    }
  }
  return { hosts: [...hosts], secure };
}

/** An empty text counts as not given: that is what an unset `${VAR}` in YAML leaves behind. */
function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
