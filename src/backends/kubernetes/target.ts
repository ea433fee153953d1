import { quote } from "../../address.js";

/** Which port of a service is meant: its name, its number, or (undefined) the only one there is. */
export type WantedPort = string | number | undefined;

/** What a `k8s:` target points at. */
export interface ServiceName {
  /** Undefined: the namespace of whoever asks. */
  readonly namespace: string | undefined;
  readonly service: string;
  readonly port: WantedPort;
}

/**
 * Reads `namespace/service:port`, `service:port` or either of them without a port.
 * @throws TypeError that quotes the text and says what is wrong with it.
 */
export function parseServiceName(text: string): ServiceName {
  const fail = (why: string): never => {
    throw new TypeError(
      `${quote(text)} is no Kubernetes service: ${why}; expected namespace/service:port, where the port is a number ` +
        "or a port's name, and namespace and port may be left out",
    );
  };
  const match = /^(?:([^/:]*)\/)?([^/:]*)(?::([^/:]*))?$/.exec(text);
  if (!match) return fail("it has too many slashes or colons");
  const [, namespace, service = "", port] = match;
  if (namespace !== undefined && !isLabel(namespace)) fail(`${quote(namespace)} cannot be a namespace`);
  if (!isLabel(service)) fail(`${quote(service)} cannot be a service's name`);
  return { namespace, service, port: port === undefined ? undefined : (readPort(port) ?? fail("its port is neither")) };
}

function readPort(port: string): string | number | undefined {
  if (!/^\d+$/.test(port)) return isLabel(port) ? port : undefined;
  const number = Number(port);
  return number >= 1 && number <= 65535 ? number : undefined;
}

/** RFC 1123 label: what namespaces, services and their ports are named by. */
function isLabel(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}
