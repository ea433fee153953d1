import type { Command } from "commander";
import { type EtcdSettings, etcdSettings } from "../../backends/etcd/index.js";
import { servicePath } from "../../backends/etcd/layout/layout.js";
import { registerBuiltInBackends } from "../../backends/index.js";
import type { Target } from "../../registry.js";
import { parseTargetUrl } from "../../target/parse.js";
import { redactUrl } from "../../target/redact.js";
import { type EtcdOptions, readEtcdOptions } from "./etcd-options.js";

/** What a command is asked about: keys of an etcd, or a target of another backend. */
export type Place =
  | {
      readonly kind: "etcd";
      readonly settings: EtcdSettings;
      /** As it stands in etcd, which is its name but for Kratos' layout; empty for everything. */
      readonly service: string;
    }
  | { readonly kind: "target"; readonly target: Target; readonly shown: string };

/**
 * Reads a command's argument: a target URL of any backend, or a service key in the etcd that the options name. Without a key, in the
 * URL of an etcd as well, it is all there is. Ends the command with a usage error when it is malformed.
 */
export function readPlace(argument: string, options: EtcdOptions, command: Command): Place {
  if (!/^\s*(?:[a-z][a-z0-9+.-]*:\/\/|dns:)/i.test(argument)) {
    return { kind: "etcd", settings: readEtcdOptions(options, command), service: argument };
  }
  registerBuiltInBackends();
  try {
    const all = withoutKey(argument);
    const target = all ? { ...parseTargetUrl(all), service: "" } : parseTargetUrl(argument);
    if (target.scheme !== "etcd" && target.scheme !== "discov") {
      return { kind: "target", target, shown: redactUrl(argument.trim()) };
    }
    // Accounts and files may be given by option all the same.
    const { hosts: _hosts, ...given } = readEtcdOptions({ ...options, etcd: target.hosts.join(",") }, command);
    const settings = etcdSettings({ ...target, settings: given });
    // Everything there is stands under other keys as well.
    return { kind: "etcd", settings, service: all ? "" : servicePath(settings, target.service) };
  } catch (error) {
    return command.error(`error: ${(error as Error).message}`);
  }
}

/** The URL of an etcd that names no key, with one that is not looked at; undefined for any other argument. */
function withoutKey(argument: string): string | undefined {
  const [, url, parameters = ""] = /^\s*((?:etcd|discov):\/\/\/?[^/?#]+)\/?(?:\?([^#]*))?\s*$/i.exec(argument) ?? [];
  if (url === undefined || new URLSearchParams(parameters).get("key")) return undefined;
  const others = new URLSearchParams(parameters);
  others.set("key", "any");
  return `${url}?${others}`;
}
