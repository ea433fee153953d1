import { addressOf, listItems, type TargetForm } from "../../target/forms.js";

export const dnsForm: TargetForm = {
  expected: "dns:///name:port or dns://server:port/name:port",
  params: ["min_ttl", "max_ttl"],
  parse({ authority, path, params }) {
    if (path === "") throw new TypeError("it has no name to look up");
    // 443 and 53: https://github.com/grpc/grpc/blob/master/doc/naming.md
    return { hosts: listItems(authority).map((item) => addressOf(item, 53)), service: addressOf(path, 443), params };
  },
};
