import { type MembersConfig, parseMembersConfig } from "./policy-config.js";

/** The policy's part of a service config: `{"loadBalancingConfig": [{"consistent_hash": {…}}]}`. */
export interface HashConfig extends MembersConfig {
  /** Name of the metadata whose first value is the call's key, in lower case. Default none: withHashKey() says it. */
  readonly requestHashHeader: string;
  /**
   * An instance that has more than so many times its even share of the calls in flight passes further ones on to the next on
   * the ring; 0 lets it have them all, which is go-zero's choice. Default 0.
   */
  readonly boundedLoad: number;
}

/** @throws Error that names the field and the expected form. */
export function parseHashConfig(json: object): HashConfig {
  const { requestHashHeader = "", boundedLoad = 0, ...others } = json as Record<string, unknown>;
  if (typeof requestHashHeader !== "string" || /[^a-zA-Z0-9_.-]|-bin$/.test(requestHashHeader)) {
    throw refused("requestHashHeader", requestHashHeader, "the name of metadata that is text");
  }
  if (typeof boundedLoad !== "number" || !(boundedLoad === 0 || boundedLoad > 1)) {
    throw refused("boundedLoad", boundedLoad, "a number above 1, for example 1.25, or 0 for no bound");
  }
  const members = parseMembersConfig("consistent_hash", others, ["requestHashHeader", "boundedLoad"]);
  return { ...members, requestHashHeader: requestHashHeader.toLowerCase(), boundedLoad };
}

function refused(field: string, value: unknown, expected: string): Error {
  return new Error(`consistent_hash.${field} is ${JSON.stringify(value)}; expected ${expected}`);
}
