import { formatAddress, parseAddress, quote } from "../../../address.js";
import type { Instance } from "../../../instance.js";

/** Longer values are no instance's; reading them would only cost time. */
const MAX_VALUE_BYTES = 64 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

type Facts = Omit<Instance, "address">;

/**
 * Reads what stands under an instance's key: plain `host:port`, etcd's naming JSON
 * (https://etcd.io/docs/latest/dev-guide/grpc_naming/) or Kratos' instance JSON (its registry.ServiceInstance).
 * @throws TypeError that says what is wrong with the value.
 */
export function readInstance(value: Buffer): Instance {
  const text = readText(value);
  if (text === "") throw new TypeError("it is empty");
  return text.startsWith("{") ? fromJson(parseJson(text)) : { address: usable(text) };
}

/** Reads an instance's further facts, as factsValue writes them. @throws TypeError */
export function readFacts(value: Buffer): Facts {
  const { weight, zone, metadata } = parseJson(readText(value));
  return {
    ...(isWeight(weight) && { weight }),
    ...(typeof zone === "string" && zone !== "" && { zone }),
    ...readMetadata(metadata),
  };
}

/** The facts of an instance beside its address as a JSON value; undefined when there are none. */
export function factsValue({ weight, zone, metadata }: Instance): Buffer | undefined {
  const hasMetadata = metadata !== undefined && Object.keys(metadata).length > 0;
  if (weight === undefined && zone === undefined && !hasMetadata) return undefined;
  return Buffer.from(JSON.stringify({ weight, zone, ...(hasMetadata && { metadata }) }));
}

/**
 * An address that can be called, written the one way: 0.0.0.0 and [::] are listened on, never called.
 * @throws TypeError
 */
export function usable(address: string): string {
  const parsed = parseAddress(address);
  if (/^(?:0+(?:\.0+){0,3}|[0:]+)$/.test(parsed.host)) {
    throw new TypeError(`${quote(address)} is where a server listens, not where it can be reached; set Advertise`);
  }
  return formatAddress(parsed);
}

function readText(value: Buffer): string {
  if (value.length > MAX_VALUE_BYTES) throw new TypeError(`it has ${value.length} bytes`);
  try {
    return utf8.decode(value).trim();
  } catch {
    throw new TypeError("it is not UTF-8 text");
  }
}

function parseJson(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new TypeError(`${quote(text)} is not JSON`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new TypeError(`${quote(text)} is not a JSON object`);
  }
  return parsed as Record<string, unknown>;
}

function fromJson(json: Record<string, unknown>): Instance {
  if (typeof json.Addr === "string") return { address: usable(json.Addr), ...readMetadata(json.Metadata) };
  if (Array.isArray(json.endpoints)) {
    const grpc = json.endpoints.find((one) => typeof one === "string" && one.startsWith("grpc://"));
    if (!grpc) throw new TypeError("it is a Kratos instance without a grpc:// endpoint");
    const facts = readMetadata(json.metadata);
    const weight = Number(facts.metadata?.weight); // where Kratos' own balancers look for it
    const version = typeof json.version === "string" && json.version !== "" ? { version: json.version } : {};
    return {
      address: usable(/^grpc:\/\/([^/?#]*)/.exec(grpc)![1]!),
      ...(isWeight(weight) && { weight }),
      ...readMetadata({ ...version, ...facts.metadata }),
    };
  }
  throw new TypeError("it is JSON, but neither etcd's naming form (Addr) nor Kratos' (endpoints)");
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && value > 0 && Number.isFinite(value);
}

function readMetadata(value: unknown): Pick<Instance, "metadata"> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter(([, one]) => ["string", "number", "boolean"].includes(typeof one));
  return entries.length === 0
    ? {}
    : { metadata: Object.fromEntries(entries.map(([name, one]) => [name, String(one)])) };
}
