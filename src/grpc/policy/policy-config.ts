import { parseDuration } from "../shield.js";

/** The policy's part of a service config: `{"loadBalancingConfig": [{"p2c_ewma": {…}}]}`. */
export interface PolicyConfig {
  /** Connect to so many of the listed instances only; 0 means all, up to 500. Default 0. */
  readonly subset: number;
  /** Watch each instance's grpc.health.v1 health and send no call to one that is NOT_SERVING. Default true. */
  readonly healthCheck: boolean;
  /**
   * Name of the service whose health is watched; "" means the server as a whole. Default what `healthCheckConfig.serviceName`
   * of the service config says, else "".
   */
  readonly healthService: string | undefined;
  /** The client's own zone, whose instances are preferred; "" prefers none. Default "". */
  readonly zone: string;
  /**
   * How long calls are left on a connection that has given no answer to a probe, before they end with UNAVAILABLE; an
   * instance that is heard again in that time keeps them. Milliseconds; in JSON a duration such as "5s". Default 5,000.
   */
  readonly silentCallGraceMs: number;
}

/** @throws Error that names the field and the expected form. */
export function parsePolicyConfig(json: object): PolicyConfig {
  const {
    subset = 0,
    healthCheck = true,
    healthService,
    zone = "",
    silentCallGrace = "5s",
    ...others
  } = json as {
    [field in "subset" | "healthCheck" | "healthService" | "zone" | "silentCallGrace"]?: unknown;
  };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new Error(
      `p2c_ewma has no field ${JSON.stringify(unknown)}; it has subset, healthCheck, healthService, zone and silentCallGrace`,
    );
  }
  if (!isCount(subset)) throw refused("subset", subset, "a whole number, 0 for all instances up to 500");
  if (typeof healthCheck !== "boolean") throw refused("healthCheck", healthCheck, "true or false");
  if (healthService !== undefined && typeof healthService !== "string") {
    throw refused("healthService", healthService, "a service name");
  }
  if (typeof zone !== "string") throw refused("zone", zone, "the name of a zone");
  const grace = typeof silentCallGrace === "string" ? parseDuration(silentCallGrace) : null;
  if (!grace) throw refused("silentCallGrace", silentCallGrace, 'seconds such as "5s"');
  return { subset, healthCheck, healthService, zone, silentCallGraceMs: grace.seconds * 1000 + grace.nanos / 1e6 };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function refused(field: string, value: unknown, expected: string): Error {
  return new Error(`p2c_ewma.${field} is ${JSON.stringify(value)}; expected ${expected}`);
}

/** What gRPC's own part of a service config says of health checking (gRFC A17). */
export function healthCheckService(serviceConfig: string | undefined): string | undefined {
  if (serviceConfig === undefined) return undefined;
  // What is no JSON has been refused before.
  const { healthCheckConfig } = JSON.parse(serviceConfig) as { healthCheckConfig?: { serviceName?: unknown } };
  const name = healthCheckConfig?.serviceName;
  return typeof name === "string" ? name : undefined;
}
