import { addressOf, listItems, type TargetForm } from "../../target/forms.js";

export const staticForm: TargetForm = {
  expected: "direct:///host:port,host:port",
  parse({ authority, path, params }) {
    const endpoints = [...listItems(authority), ...listItems(path)].map((item) => addressOf(item));
    if (endpoints.length === 0) throw new TypeError("it has no endpoint");
    return { hosts: endpoints, service: endpoints.join(","), params };
  },
};
