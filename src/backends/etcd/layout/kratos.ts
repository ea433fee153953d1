import type { Instance } from "../../../instance.js";
import type { Layout } from "./layout.js";

/** Kratos' namespace unless it is told otherwise (its contrib/registry/etcd). */
const NAMESPACE = "/microservices";

/** An instance without a weight has this one. */
export const KRATOS_DEFAULT_WEIGHT = 100;

/**
 * `/microservices/<name>/<id>` = Kratos' registry.ServiceInstance as JSON. A service key that begins with a slash is taken
 * for the whole path, for a fleet with a namespace of its own.
 *
 * A Kratos client reads everything that begins with the path, without a slash after it, skips what has another name, and
 * stops reading at a value that is not JSON. So no value that is not JSON may stand there.
 * @param scheme `grpcs` where the instances serve TLS: a Kratos client takes the endpoints of its own kind alone.
 */
export function kratosLayout(scheme: "grpc" | "grpcs"): Layout {
  const write = (name: string, id: string, { address, weight, zone, metadata = {} }: Instance) => {
    const { version = "", ...others } = metadata;
    const all = {
      ...others,
      ...(weight !== undefined && { weight: kratosWeight(weight) }),
      ...(zone !== undefined && { zone }),
    };
    return Buffer.from(JSON.stringify({ id, name, version, metadata: all, endpoints: [`${scheme}://${address}`] }));
  };
  return {
    ttlSeconds: 15,
    path: (service) => (service.startsWith("/") ? service : `${NAMESPACE}/${service}`),
    value: (path, id, instance) => write(nameOf(path), id, instance),
    attributes: () => undefined,
    pauseValue: (path, id, address) => write(`${nameOf(path)}.~rollcall-paused`, id, { address }),
    nameIn: nameOf,
  };
}

/** Kratos reads whole numbers, and an instance that says nothing has 100: an Instance's weight of 1. */
function kratosWeight(weight: number): string {
  return String(Math.max(1, Math.round(weight * KRATOS_DEFAULT_WEIGHT)));
}

function nameOf(path: string): string {
  return path.startsWith(`${NAMESPACE}/`) ? path.slice(NAMESPACE.length + 1) : path.slice(path.lastIndexOf("/") + 1);
}
