import { formatAddress, type HostPort, parseAddress } from "../address.js";
import type { Target, TargetParts } from "../registry.js";

/** How the target URLs of one backend are written and read. */
export interface TargetForm {
  /** The form, for error messages, for example `k8s://namespace/service:port`. Default: none is shown. */
  readonly expected?: string;
  /** Query parameters that mean something to the backend, in lower case; a near miss of one is refused. Default none. */
  readonly params?: readonly string[];
  /** @throws TypeError that says what is wrong; the caller adds the URL and the expected form. */
  parse(parts: TargetParts): Omit<Target, "scheme">;
}

const forms = new Map<string, TargetForm>();
const listeners = new Set<(scheme: string) => void>();

/**
 * Makes the target URLs of a scheme readable. Forms are known before a backend is loaded: a URL is checked where it is given.
 * @throws TypeError when the scheme is not a valid URL scheme.
 */
export function registerTargetForm(scheme: string, form: TargetForm): void {
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    throw new TypeError(
      `"${scheme}" cannot be a backend's scheme: use a lower-case letter, then letters, digits, "+", "." or "-"`,
    );
  }
  forms.set(scheme, form);
  for (const listener of listeners) listener(scheme);
}

/** @throws TypeError that names the known schemes when there is none like this. */
export function formOf(scheme: string): TargetForm {
  const form = forms.get(scheme);
  if (form) return form;
  const known = [...forms.keys()].join(", ");
  throw new TypeError(`no backend is called "${scheme}": known are ${known}; registerBackend() adds one`);
}

export function isKnownScheme(scheme: string): boolean {
  return forms.has(scheme);
}

/** Calls the listener for each scheme known now and each one registered later. */
export function onTargetForm(listener: (scheme: string) => void): void {
  listeners.add(listener);
  for (const scheme of forms.keys()) listener(scheme);
}

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
      const hosts = listItems(authority || path).map((item) => hostOf(item, defaultPort));
      if (hosts.length === 0) throw new TypeError("it has no host");
      if (service === "") throw new TypeError("it has no key");
      return { hosts, service, params };
    },
  };
}

/**
 * The form of a backend that is not loaded yet and reads its URLs itself: a guess, and the parts for the backend to read.
 * A URL that is well formed by hostsAndKey is taken so until then.
 */
export function unreadForm(scheme: string): TargetForm {
  const { parse } = hostsAndKey(scheme);
  return {
    parse(parts) {
      try {
        return { ...parse(parts), unread: parts };
      } catch {
        const { authority, path, params } = parts;
        return { hosts: listItems(authority), service: params.key ?? path, params, unread: parts };
      }
    },
  };
}

/** Items of a comma-separated list; empty ones are skipped, as go-zero does. */
export function listItems(list: string): string[] {
  return list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Hosts of registries are often written as URLs, with a slash behind. */
function hostOf(item: string, defaultPort?: number): string {
  const [, scheme = "", host] = /^(https?:\/\/)?(.*?)\/*$/is.exec(item)!;
  return scheme + addressOf(host!, defaultPort);
}

export function addressOf(text: string, defaultPort?: number): string {
  return formatAddress(withPort(text, defaultPort));
}

function withPort(text: string, defaultPort?: number): HostPort {
  const lacksPort = /^(?:\[[^\]]*\]|[^:]+)$/.test(text);
  return parseAddress(lacksPort && defaultPort !== undefined ? `${text}:${defaultPort}` : text);
}
