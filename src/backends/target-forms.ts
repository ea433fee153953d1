import { formatAddress, type HostPort, parseAddress } from "../address.js";
import type { Target } from "../registry.js";

/** A target URL taken apart: everything after the scheme, decoded, without leading slashes. */
export interface TargetParts {
  readonly authority: string;
  readonly path: string;
  /** Query parameters; names in lower case. */
  readonly params: Readonly<Record<string, string>>;
}

/** How the target URLs of one backend are written and read. */
export interface TargetForm {
  /** The form, for error messages. */
  readonly expected: string;
  /** Query parameters that mean something to the backend. */
  readonly params: readonly string[];
  /** @throws TypeError that says what is wrong; the caller adds the URL and the expected form. */
  parse(parts: TargetParts): Omit<Target, "scheme">;
}

/** The forms of the backends that come with Rollcall, by scheme. Light on purpose: nothing of a backend is loaded. */
export const builtInForms: Readonly<Record<string, TargetForm>> = {
  etcd: hostsAndKey("etcd", 2379),
  discov: hostsAndKey("discov", 2379),
  direct: {
    expected: "direct:///host:port,host:port",
    params: [],
    parse({ authority, path, params }) {
      const endpoints = addresses([authority, path].filter(Boolean).join(","));
      if (endpoints.length === 0) throw new TypeError("it has no endpoint");
      return { hosts: endpoints, service: endpoints.join(","), params };
    },
  },
  dns: {
    expected: "dns:///name:port or dns://server:port/name:port",
    params: ["min_ttl", "max_ttl"],
    parse({ authority, path, params }) {
      if (path === "") throw new TypeError("it has no name to look up");
      // 443 and 53: https://github.com/grpc/grpc/blob/master/doc/naming.md
      return { hosts: addresses(authority, 53), service: address(path, 443), params };
    },
  },
  k8s: {
    expected: "k8s://namespace/service:port or k8s:///service:port, the port being a number or a port's name",
    params: [],
    parse({ authority, path, params }) {
      const [, service, port] = /^([^:]*)(?::(.*))?$/.exec(path) ?? [];
      if (!service) throw new TypeError("it has no service");
      for (const [what, name] of Object.entries({ namespace: authority || undefined, service })) {
        if (name !== undefined && !isDnsLabel(name)) {
          throw new TypeError(`its ${what} ${JSON.stringify(name)} is no Kubernetes name`);
        }
      }
      if (port !== undefined && !isKubernetesPort(port)) {
        throw new TypeError(`its port ${JSON.stringify(port)} is neither a number from 1 to 65535 nor a port's name`);
      }
      return { hosts: [], service: authority ? `${authority}/${path}` : path, params };
    },
  },
};

/**
 * The form of a backend that has hosts and a service key: `///h1,h2?key=service`, `//h1,h2?key=service` and the older
 * `//h1,h2/service`. Hosts without a port get the default port; without a default they must have one.
 */
export function hostsAndKey(scheme: string, defaultPort?: number): TargetForm {
  const host = `host:${defaultPort ?? "port"}`;
  return {
    expected: `${scheme}:///${host},${host}?key=service`,
    params: ["key"],
    parse({ authority, path, params: { key, ...params } }) {
      if (authority && path && key !== undefined) {
        throw new TypeError("it names a service both in its path and in its key parameter");
      }
      const service = key ?? (authority ? path.replace(/\/+$/, "") : "");
      const hosts = addresses(authority || path, defaultPort);
      if (hosts.length === 0) throw new TypeError("it has no host");
      if (service === "") throw new TypeError("it has no key");
      return { hosts, service, params };
    },
  };
}

/** Comma-separated addresses; empty items are skipped, as go-zero does. */
function addresses(list: string, defaultPort?: number): string[] {
  const items = list.split(",").map((item) => item.trim());
  return items.filter((item) => item !== "").map((item) => address(item, defaultPort));
}

function address(text: string, defaultPort?: number): string {
  return formatAddress(withPort(text.trim(), defaultPort));
}

function withPort(text: string, defaultPort?: number): HostPort {
  const lacksPort = /^(?:\[[^\]]*\]|[^:]+)$/.test(text);
  return parseAddress(lacksPort && defaultPort !== undefined ? `${text}:${defaultPort}` : text);
}

/** RFC 1123 label, the form of a namespace and of a Service's name. */
function isDnsLabel(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/** A number, or an IANA service name: up to 15 of a-z, 0-9 and "-", one letter at least. */
function isKubernetesPort(port: string): boolean {
  if (/^\d+$/.test(port)) return Number(port) >= 1 && Number(port) <= 65535;
  return /^(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/.test(port);
}
