import { formatAddress, type HostPort, parseAddress } from "../address.js";
import type { Target } from "../registry.js";
import { parseServiceName } from "./kubernetes/target.js";

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
  etcd: etcdForm("etcd"),
  discov: etcdForm("discov"),
  direct: {
    expected: "direct:///host:port,host:port",
    params: [],
    parse({ authority, path, params }) {
      const endpoints = [...items(authority), ...items(path)].map((item) => address(item));
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
      return { hosts: items(authority).map((item) => address(item, 53)), service: address(path, 443), params };
    },
  },
  k8s: {
    expected: "k8s://namespace/service:port or k8s:///service:port",
    params: ["family", "kubeconfig", "context"],
    parse({ authority, path, params }) {
      const service = authority ? `${authority}/${path}` : path;
      parseServiceName(service);
      return { hosts: [], service, params };
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
      const hosts = items(authority || path).map((item) => hostOf(item, defaultPort));
      if (hosts.length === 0) throw new TypeError("it has no host");
      if (service === "") throw new TypeError("it has no key");
      return { hosts, service, params };
    },
  };
}

/** What configuration files set in `Etcd` may stand in a URL too. */
function etcdForm(scheme: string): TargetForm {
  const settings = ["user", "pass", "certfile", "certkeyfile", "cacertfile", "insecureskipverify", "tls", "ttl", "id"];
  const form = hostsAndKey(scheme, 2379);
  return { ...form, params: [...form.params, ...settings] };
}

/** Items of a comma-separated list; empty ones are skipped, as go-zero does. */
function items(list: string): string[] {
  return list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Hosts of registries are often written as URLs. */
function hostOf(item: string, defaultPort?: number): string {
  const [, scheme = "", host] = /^(https?:\/\/)?(.*)$/is.exec(item)!;
  return scheme + address(host!, defaultPort);
}

function address(text: string, defaultPort?: number): string {
  return formatAddress(withPort(text, defaultPort));
}

function withPort(text: string, defaultPort?: number): HostPort {
  const lacksPort = /^(?:\[[^\]]*\]|[^:]+)$/.test(text);
  return parseAddress(lacksPort && defaultPort !== undefined ? `${text}:${defaultPort}` : text);
}
