import { createHash } from "node:crypto";
import type { HostPort } from "../address.js";
import type { Instance } from "../instance.js";
import type { Target } from "../registry.js";
import { isSecretName } from "../target/secret-names.js";
import type { KnownSet } from "./last-known.js";
import type { ResolvedInstance } from "./resolved-instance.js";

/** Raised when the form changes in a way that an older reader would misunderstand. */
export const FORMAT = 1;

/** What stands in a snapshot's file, after its checksum. */
export interface Content {
  readonly format: number;
  readonly scheme: string;
  readonly service: string;
  /** When the registry said so, in milliseconds since the epoch. */
  readonly at: number;
  /** gRPC services that were called there, by which an instance is recognised. */
  readonly services: readonly string[];
  readonly instances: readonly ResolvedInstance[];
}

/** A target's file name: the same for all who look in the same place, and without anything secret in it. */
export function fileNameOf({ scheme, hosts, service, params }: Target): string {
  const facts = Object.entries(params)
    .filter(([name]) => !isSecretName(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([scheme, [...hosts].sort(), service, facts]);
  return `${createHash("sha256").update(text).digest("hex").slice(0, 32)}.snapshot`;
}

/** A file's text: a checksum, a line feed, JSON. */
export function writeSnapshot({ scheme, service }: Target, { at, instances, services = [] }: KnownSet): string {
  const shown = instances.map(({ instance, addresses }) => ({ instance: withoutSecrets(instance), addresses }));
  const json = JSON.stringify({ format: FORMAT, scheme, service, at, services, instances: shown } satisfies Content);
  return `${checksum(json)}\n${json}\n`;
}

/** @throws Error that says in words why the text is no snapshot of this target. */
export function readSnapshot(text: string, { scheme, service }: Target): KnownSet {
  const content = checkSnapshot(text);
  if (content.scheme !== scheme || content.service !== service) throw new Error("it is of another target");
  const { at, services, instances } = content;
  return { at, services, instances, unconfirmed: true };
}

/** A snapshot of any target. @throws Error that says in words why the text is none. */
export function checkSnapshot(text: string): Content {
  const end = text.indexOf("\n");
  const json = text.slice(end + 1).trimEnd();
  if (end < 0 || checksum(json) !== text.slice(0, end)) throw new Error("it is damaged or was not written whole");
  const content = JSON.parse(json) as Partial<Content>;
  if (content.format !== FORMAT) throw new Error(`its format is ${content.format}; this version reads ${FORMAT}`);
  const { format, scheme, service, at, services, instances } = content;
  const isNamed = isText(scheme) && isText(service);
  if (!isNamed || typeof at !== "number" || !isList(services, isText) || !isList(instances, isResolved)) {
    throw new Error("it has not the form of a snapshot");
  }
  return { format, scheme, service, at, services, instances };
}

/** What a registry lists is no secret, but metadata is written by anybody. */
function withoutSecrets(instance: Instance): Instance {
  const { metadata } = instance;
  if (!metadata || !Object.keys(metadata).some(isSecretName)) return instance;
  return {
    ...instance,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !isSecretName(name))),
  };
}

function checksum(json: string): string {
  return createHash("sha256").update(json).digest("hex");
}

function isList<T>(value: unknown, is: (one: unknown) => one is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isResolved(value: unknown): value is ResolvedInstance {
  const { instance, addresses } = (value ?? {}) as Partial<ResolvedInstance>;
  return isText(instance?.address) && isList(addresses, isHostPort) && addresses.length > 0;
}

function isHostPort(value: unknown): value is HostPort {
  const { host, port } = (value ?? {}) as Partial<HostPort>;
  return isText(host) && Number.isInteger(port);
}
