import { CLIENT_DEFAULTS, MIDDLEWARE_DEFAULTS } from "../../defaults.js";
import { nearMiss } from "../../target/key-names.js";
import { parseDuration } from "../shield/experimental.js";

/** What Rollcall's policies have in common: whom to be connected to, and when. */
export interface MembersConfig {
  /** Connect to so many of the listed instances only; 0 means all, up to 500. Default 0. */
  readonly subset: number;
  /** Watch each instance's grpc.health.v1 health and send no call to one that is NOT_SERVING. Default true. */
  readonly healthCheck: boolean;
  /**
   * Name of the service whose health is watched; "" means the server as a whole. Default what `healthCheckConfig.serviceName`
   * of the service config says, else "".
   */
  readonly healthService: string | undefined;
  /**
   * How long calls are left on a connection that has given no answer to a probe, before they end with UNAVAILABLE; an
   * instance that is heard again in that time keeps them. Milliseconds; in JSON a duration such as "5s". Default 5,000.
   */
  readonly silentCallGraceMs: number;
  /**
   * Largest share of the instances that may be set aside by their health, by failures and by pushback together, 0 to 1; beyond
   * it such signals are ignored. Default 0.5.
   */
  readonly maxSetAside: number;
}

/** The part of p2c_ewma in a service config: `{"loadBalancingConfig": [{"p2c_ewma": {…}}]}`. */
export interface PolicyConfig extends MembersConfig {
  /** The client's own zone, whose instances are preferred; "" prefers none. Default "". */
  readonly zone: string;
  /** Keep calls of a method away from an instance where most of them fail, while others are there. Default true. */
  readonly breaker: boolean;
}

/** @throws Error that names the field and the expected form. */
export function parsePolicyConfig(json: object): PolicyConfig {
  const members = parseMembersConfig("p2c_ewma", json, ["zone", "breaker"]);
  const { zone = "", breaker = MIDDLEWARE_DEFAULTS.Breaker } = json as { zone?: unknown; breaker?: unknown };
  if (typeof zone !== "string") throw refused("p2c_ewma.zone", zone, "the name of a zone");
  if (typeof breaker !== "boolean") throw refused("p2c_ewma.breaker", breaker, "true or false");
  return { ...members, zone, breaker };
}

const FIELDS = ["subset", "healthCheck", "healthService", "silentCallGrace", "maxSetAside"] as const;

/**
 * @param policy its name, for errors
 * @param own fields that the policy has beside these
 * @throws Error that names the field and the expected form.
 */
export function parseMembersConfig(policy: string, json: object, own: readonly string[]): MembersConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw refused(policy, json, "fields with values, {} for the defaults");
  const known = [...FIELDS, ...own];
  for (const field of Object.keys(json)) if (!known.includes(field)) throw unknown(policy, field, known);
  const {
    subset = 0,
    healthCheck = true,
    healthService,
    silentCallGrace = "5s",
    maxSetAside = CLIENT_DEFAULTS.MaxSetAside,
  } = json as { [field in (typeof FIELDS)[number]]?: unknown };
  if (!isCount(subset)) throw refused(`${policy}.subset`, subset, "a whole number, 0 for all instances up to 500");
  if (typeof healthCheck !== "boolean") throw refused(`${policy}.healthCheck`, healthCheck, "true or false");
  if (healthService !== undefined && typeof healthService !== "string") {
    throw refused(`${policy}.healthService`, healthService, "a service name");
  }
  const grace = typeof silentCallGrace === "string" ? parseDuration(silentCallGrace) : null;
  if (!grace) throw refused(`${policy}.silentCallGrace`, silentCallGrace, 'seconds such as "5s"');
  if (typeof maxSetAside !== "number" || !(maxSetAside >= 0 && maxSetAside <= 1)) {
    throw refused(`${policy}.maxSetAside`, maxSetAside, "a share from 0 to 1");
  }
  const silentCallGraceMs = grace.seconds * 1000 + grace.nanos / 1e6;
  return { subset, healthCheck, healthService, silentCallGraceMs, maxSetAside };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** @param field with the policy before it */
export function refused(field: string, value: unknown, expected: string): Error {
  return new Error(`${field} is ${JSON.stringify(value)}; expected ${expected}`);
}

/** What gRPC's own part of a service config says of health checking (gRFC A17). */
export function healthCheckService(serviceConfig: string | undefined): string | undefined {
  if (serviceConfig === undefined) return undefined;
  // What is no JSON has been refused before.
  const { healthCheckConfig } = JSON.parse(serviceConfig) as { healthCheckConfig?: { serviceName?: unknown } };
  const name = healthCheckConfig?.serviceName;
  return typeof name === "string" ? name : undefined;
}

function unknown(policy: string, field: string, known: readonly string[]): Error {
  const meant = nearMiss(field, known);
  return new Error(
    `${policy} has no field ${JSON.stringify(field)}: ${meant ? `did you mean ${meant}?` : `its fields are ${known.join(", ")}`}`,
  );
}
