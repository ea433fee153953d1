import { nearMiss } from "../../target/key-names.js";

/** The policy's part of a service config: `{"loadBalancingConfig": [{"p2c_ewma": {…}}]}`. */
export interface PolicyConfig {
  /** Connect to so many of the listed instances only; 0 means all. Default 0. */
  readonly subset: number;
  /** Watch each instance's grpc.health.v1 health and send no call to one that is NOT_SERVING. Default true. */
  readonly healthCheck: boolean;
  /** Name of the service whose health is watched; "" means the server as a whole. Default "". */
  readonly healthService: string;
  /** The client's own zone, whose instances are preferred; "" prefers none. Default "". */
  readonly zone: string;
}

const DEFAULTS: PolicyConfig = { subset: 0, healthCheck: true, healthService: "", zone: "" };

/** @throws Error that names the field and the expected form. */
export function parsePolicyConfig(json: object): PolicyConfig {
  for (const field of Object.keys(json)) if (!Object.hasOwn(DEFAULTS, field)) throw unknown(field);
  const { subset, healthCheck, healthService, zone } = { ...DEFAULTS, ...json };
  if (!Number.isInteger(subset) || subset < 0) throw refused("subset", subset, "a whole number, 0 for all instances");
  if (typeof healthCheck !== "boolean") throw refused("healthCheck", healthCheck, "true or false");
  if (typeof healthService !== "string") throw refused("healthService", healthService, "a service name");
  if (typeof zone !== "string") throw refused("zone", zone, "the name of a zone");
  return { subset, healthCheck, healthService, zone };
}

function refused(field: string, value: unknown, expected: string): Error {
  return new Error(`p2c_ewma.${field} is ${JSON.stringify(value)}; expected ${expected}`);
}

function unknown(field: string): Error {
  const known = Object.keys(DEFAULTS);
  const meant = nearMiss(field, known);
  return new Error(
    `p2c_ewma has no field ${JSON.stringify(field)}: ${meant ? `did you mean ${meant}?` : `its fields are ${known.join(", ")}`}`,
  );
}
