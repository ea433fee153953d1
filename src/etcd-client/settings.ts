import { formatAddress, parseAddress, quote } from "../address.js";
import type { Target } from "../registry.js";

/** How an etcd cluster is reached, and how instances are registered there. */
export interface EtcdSettings {
  /** Members of one cluster, `host:port` each; one is used at a time. */
  readonly hosts: readonly string[];
  readonly user?: string;
  readonly pass?: string;
  /** Client certificate for mutual TLS, a PEM file; needs certKeyFile. Files are read again for every new connection. */
  readonly certFile?: string;
  readonly certKeyFile?: string;
  /** PEM file of the authorities that may sign etcd's certificate. Turns TLS on. Default: Node's own list. */
  readonly caCertFile?: string;
  /** Takes any certificate of etcd. Turns TLS on. Default false. */
  readonly insecureSkipVerify?: boolean;
  /** Turns TLS on without any file. Default: on when a TLS setting is given or a host is written `https://host:port`. */
  readonly tls?: boolean;
  /** Time to live of registrations, in seconds: a killed process is listed that long. Default 10. */
  readonly ttlSeconds?: number;
  /** Last part of registered keys instead of the lease id; above 0. Each instance of a service needs its own. */
  readonly id?: bigint;
}

export const DEFAULT_TTL_SECONDS = 10;
const DEFAULT_PORT = 2379;

/**
 * Reads the settings of a target: its hosts, its `settings` object and its URL parameters, which win. Names match without
 * regard to case, so that go-zero's (`User`, `CertFile`, `ID`) may be handed on as they are; names not known here are
 * other parts' business.
 * @throws TypeError that names the setting and the expected form.
 */
export function etcdSettings(target: Target): EtcdSettings {
  const given = new Map<string, unknown>();
  for (const source of [target.settings, target.params]) {
    if (source === undefined || source === null) continue;
    if (typeof source !== "object") throw new TypeError(`etcd settings are an object, not ${quote(String(source))}`);
    for (const [name, value] of Object.entries(source)) {
      if (value !== undefined && value !== null) given.set(name.toLowerCase(), value);
    }
  }
  const settings = {
    ...readHosts(target.hosts),
    ...optional("user", text(given, "user")),
    ...optional("pass", text(given, "pass")),
    ...optional("certFile", text(given, "certFile")),
    ...optional("certKeyFile", text(given, "certKeyFile")),
    ...optional("caCertFile", text(given, "caCertFile")),
    ...optional("insecureSkipVerify", flag(given, "insecureSkipVerify")),
    ...optional("tls", flag(given, "tls")),
    ...optional("ttlSeconds", seconds(given, "ttlSeconds") ?? seconds(given, "ttl")),
    ...optional("id", id(given)),
  };
  return checkEtcdSettings(settings);
}

/** @throws TypeError when settings contradict each other. */
export function checkEtcdSettings(settings: EtcdSettings): EtcdSettings {
  const { hosts, user, pass, certFile, certKeyFile, ttlSeconds } = settings;
  if (hosts.length === 0) throw new TypeError("etcd needs at least one host, for example 127.0.0.1:2379 (Etcd.Hosts)");
  if (pass !== undefined && user === undefined) throw new TypeError("Etcd.Pass is given without Etcd.User");
  if (certFile !== undefined && certKeyFile === undefined) {
    throw new TypeError("Etcd.CertFile is given without Etcd.CertKeyFile, the file of its private key");
  }
  if (certKeyFile !== undefined && certFile === undefined) {
    throw new TypeError("Etcd.CertKeyFile is given without Etcd.CertFile, the certificate it belongs to");
  }
  if (ttlSeconds !== undefined && !(Number.isInteger(ttlSeconds) && ttlSeconds >= 1)) {
    throw new TypeError(`the registration's TTL is ${ttlSeconds}; expected whole seconds, at least 1`);
  }
  return settings;
}

/** Whether connections are encrypted. */
export function usesTls(settings: EtcdSettings): boolean {
  const { tls, caCertFile, certFile, insecureSkipVerify } = settings;
  return tls ?? (caCertFile !== undefined || certFile !== undefined || insecureSkipVerify === true);
}

/** The clients' usual ways of writing an endpoint are read: with and without a port, with and without http:// or https://. */
function readHosts(written: readonly string[]): { hosts: string[]; tls?: boolean } {
  let secure: boolean | undefined;
  const hosts = new Set<string>();
  for (const one of written) {
    const [, scheme, host] = /^(?:(https?):\/\/)?(.*?)\/*$/i.exec(one.trim())!;
    if (host === "") continue;
    if (scheme?.toLowerCase() === "https") secure = true;
    try {
      hosts.add(formatAddress(parseAddress(/^(?:\[[^\]]*\]|[^:]+)$/.test(host!) ? `${host}:${DEFAULT_PORT}` : host!)));
    } catch (error) {
      throw new TypeError(`etcd host ${quote(one)}: ${(error as Error).message}`, { cause: error });
    }
  }
  return { hosts: [...hosts], ...optional("tls", secure) };
}

function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };
}

/** An empty text counts as not given: that is what an unset `${VAR}` in YAML leaves behind. */
function text(given: Map<string, unknown>, name: string): string | undefined {
  const value = given.get(name.toLowerCase());
  if (value === undefined || value === "") return undefined;
  if (typeof value === "number") return String(value); // a password of digits, unquoted in YAML
  if (typeof value !== "string") throw new TypeError(`etcd setting ${name} is a ${typeof value}; expected text`);
  return value;
}

function flag(given: Map<string, unknown>, name: string): boolean | undefined {
  const value = given.get(name.toLowerCase());
  if (value === undefined || typeof value === "boolean") return value;
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new TypeError(`etcd setting ${name} is ${quote(String(value))}; expected true or false`);
}

function seconds(given: Map<string, unknown>, name: string): number | undefined {
  const value = given.get(name.toLowerCase());
  if (value === undefined) return undefined;
  const read = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof read !== "number") {
    throw new TypeError(`etcd setting ${name} is ${quote(String(value))}; expected whole seconds, at least 1`);
  }
  return read;
}

/** go-zero uses its ID when it is above 0 and the lease id otherwise. */
function id(given: Map<string, unknown>): bigint | undefined {
  const value = given.get("id");
  if (value === undefined) return undefined;
  if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))) {
    return BigInt(value) > 0n ? BigInt(value) : undefined;
  }
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) return id(new Map([["id", BigInt(value)]]));
  throw new TypeError(`Etcd.ID is ${quote(String(value))}; expected a whole number (write a large one in quotes)`);
}
