import type { Target } from "../registry.js";

/**
 * The host that calls to a target name, against which TLS verifies a server's certificate: the service key's last part
 * (`order.rpc` of `prod/order.rpc`), the first of several endpoints, with what may not stand there replaced.
 */
export function authorityOf({ service }: Pick<Target, "service">): string {
  const [first = ""] = service.replace(/^.*\//, "").split(",");
  if (/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d+)?$/.test(first) && URL.canParse(`http://${first}`)) return first;
  const name = first.replace(/:.*$/, "").replace(/[^A-Za-z0-9.-]+/g, "-");
  if (name !== "" && URL.canParse(`http://${name}`)) return name;
  // A name that ends in a number, such as order.2, is taken for an IPv4 address.
  return name.replaceAll(".", "-") || "localhost";
}
