import { quote } from "../../address.js";
import { type ConnectionSettings, normaliseSettings } from "../../etcd-client/settings.js";
import type { Target } from "../../registry.js";
import { type EtcdLayout, layoutOf } from "./layout/layout.js";

/** etcd grants no longer lease, in seconds. */
const LONGEST_TTL_SECONDS = 9_000_000_000;

/** How an etcd cluster is reached, and how instances are registered there. */
export interface EtcdSettings extends ConnectionSettings {
  /** Time to live of registrations, in seconds: a killed process is listed that long. Default 10, with Kratos' layout 15. */
  readonly ttlSeconds?: number | undefined;
  /** Last part of registered keys instead of the lease id; above 0. Each instance of a service needs its own. */
  readonly id?: bigint | undefined;
  /** Whose keys and values: `go-zero` (default), `kratos`, or `kratos-tls` for a Kratos fleet whose instances serve TLS. */
  readonly layout?: EtcdLayout | undefined;
}

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
  return checkEtcdSettings({
    hosts: target.hosts,
    user: text(given, "user"),
    pass: text(given, "pass"),
    certFile: text(given, "certFile"),
    certKeyFile: text(given, "certKeyFile"),
    caCertFile: text(given, "caCertFile"),
    insecureSkipVerify: flag(given, "insecureSkipVerify"),
    tls: flag(given, "tls"),
    ttlSeconds: seconds(given, "ttlSeconds") ?? seconds(given, "ttl"),
    id: id(given),
    layout: text(given, "layout") as EtcdLayout | undefined,
  });
}

/**
 * The settings in their one form; what is not set is left out.
 * @throws TypeError when settings contradict each other.
 */
export function checkEtcdSettings(settings: EtcdSettings): EtcdSettings {
  const { ttlSeconds, id } = settings;
  const layout = settings.layout?.toLowerCase() as EtcdLayout | undefined;
  layoutOf(layout);
  if (ttlSeconds !== undefined && !(Number.isInteger(ttlSeconds) && ttlSeconds >= 1)) {
    throw new TypeError(`the registration's TTL is ${ttlSeconds}; expected whole seconds, at least 1`);
  }
  if (ttlSeconds !== undefined && ttlSeconds > LONGEST_TTL_SECONDS) {
    throw new TypeError(`the registration's TTL is ${ttlSeconds} s; etcd takes at most ${LONGEST_TTL_SECONDS} s`);
  }
  const whole: EtcdSettings = { ...normaliseSettings(settings), ttlSeconds, id, layout };
  return Object.fromEntries(
    Object.entries(whole).filter(([, value]) => value !== undefined),
  ) as unknown as EtcdSettings;
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
