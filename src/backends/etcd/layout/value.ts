import type { Instance } from "../../../instance.js";
import { KRATOS_DEFAULT_WEIGHT } from "./kratos.js";
import { usableForeignAddress } from "./usable-address.js";

/** Longer values are no instance's; reading them would only cost time. */
const MAX_VALUE_BYTES = 64 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

type Attributes = Omit<Instance, "address">;

/** An instance as it was read, and the name it gives its service, where the form has one. */
export interface ReadValue {
  /** Its weight may be 0: it gets no calls while others are there. */
  readonly instance: Instance;
  readonly name?: string;
  readonly form: ValueForm;
}

/** `address`: plain, as go-zero writes it; `naming`: etcd's own naming JSON; `kratos`: Kratos' instance JSON. */
export type ValueForm = "address" | "naming" | "kratos";

/**
 * Reads what stands under an instance's key: plain `host:port`, etcd's naming JSON
 * (https://etcd.io/docs/latest/dev-guide/grpc_naming/) or Kratos' instance JSON (its registry.ServiceInstance).
 * @throws TypeError that says what is wrong with the value and does not show it: a password may stand there.
 */
export function readInstance(value: Buffer): ReadValue {
  const text = readText(value);
  if (text === "") throw new TypeError("it is empty");
  return text.startsWith("{")
    ? fromJson(parseJson(text))
    : { instance: { address: usableForeignAddress(text) }, form: "address" };
}

/** Reads an instance's attributes, as attributesValue writes them. @throws TypeError as readInstance. */
export function readAttributes(value: Buffer): Attributes {
  const { weight, zone, metadata } = parseJson(readText(value));
  return {
    ...(typeof weight === "number" && weight > 0 && Number.isFinite(weight) && { weight }),
    ...readZone(zone),
    ...readMetadata(metadata),
  };
}

/** Since when the instance is registered, in milliseconds since the epoch by its own clock; undefined where it does not say. */
export function readSince(value: Buffer): number | undefined {
  const { since } = parseJson(readText(value));
  return typeof since === "number" && since > 0 && Number.isFinite(since) ? since : undefined;
}

/**
 * The attributes of an instance beside its address as a JSON value; undefined when there are none.
 * @param since when it was registered, which operators like to know, in milliseconds since the epoch.
 */
export function attributesValue({ weight, zone, metadata }: Instance, since?: number): Buffer | undefined {
  const hasMetadata = metadata !== undefined && Object.keys(metadata).length > 0;
  if (weight === undefined && zone === undefined && !hasMetadata) return undefined;
  return Buffer.from(JSON.stringify({ weight, zone, ...(hasMetadata && { metadata }), since }));
}

/** @throws TypeError for what no reader would take, of an instance's values. */
export function checkSize(values: readonly (Buffer | undefined)[]): void {
  for (const { length } of values.filter((value) => value !== undefined)) {
    if (length <= MAX_VALUE_BYTES) continue;
    throw new TypeError(
      `the instance's weight, zone and metadata take ${length} bytes; at most ${MAX_VALUE_BYTES} are read`,
    );
  }
}

function readText(value: Buffer): string {
  if (value.length > MAX_VALUE_BYTES) throw new TypeError("it is longer than any instance's");
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
    throw new TypeError("it is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new TypeError("it is not a JSON object");
  }
  return parsed as Record<string, unknown>;
}

function fromJson(json: Record<string, unknown>): ReadValue {
  if (typeof json.Addr === "string") {
    return { instance: { address: usableForeignAddress(json.Addr), ...readMetadata(json.Metadata) }, form: "naming" };
  }
  if (Array.isArray(json.endpoints)) return fromKratos(json, json.endpoints);
  throw new TypeError("it is JSON, but neither etcd's naming form (Addr) nor Kratos' (endpoints)");
}

function fromKratos(json: Record<string, unknown>, endpoints: readonly unknown[]): ReadValue {
  const [, address] =
    endpoints.map((one) => (typeof one === "string" ? /^grpcs?:\/\/([^/?#]*)/.exec(one) : null)).find(Boolean) ?? [];
  if (address === undefined) throw new TypeError("it is a Kratos instance without a grpc:// or grpcs:// endpoint");
  const { metadata } = readMetadata(json.metadata);
  const version = typeof json.version === "string" && json.version !== "" ? { version: json.version } : {};
  const instance = {
    address: usableForeignAddress(address),
    weight: kratosWeight(metadata?.weight),
    ...readZone(metadata?.zone),
    ...readMetadata({ ...version, ...metadata }),
  };
  return { instance, form: "kratos", ...(typeof json.name === "string" && { name: json.name }) };
}

/** As Kratos' balancers read it. */
function kratosWeight(text: string | undefined): number {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Math.max(0, Number(text)) : KRATOS_DEFAULT_WEIGHT;
}

function readZone(zone: unknown): Pick<Instance, "zone"> {
  return typeof zone === "string" && zone !== "" ? { zone } : {};
}

function readMetadata(value: unknown): Pick<Instance, "metadata"> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter(([, one]) => ["string", "number", "boolean"].includes(typeof one));
  return entries.length === 0
    ? {}
    : { metadata: Object.fromEntries(entries.map(([name, one]) => [name, String(one)])) };
}
