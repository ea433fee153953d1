import { type MembersConfig, parseMembersConfig, refused } from "./policy-config.js";

/** The part of consistent_hash in a service config: `{"loadBalancingConfig": [{"consistent_hash": {…}}]}`. */
export interface HashConfig extends MembersConfig {
  /**
   * Name of the metadata whose first value is the call's key, in lower case (gRFC A76's request_hash_header). Default "":
   * withHashKey() says the key.
   */
  readonly requestHashHeader: string;
  /**
   * An instance that has more than so many times its even share of the calls in flight passes further ones on to the next on
   * the ring; 0 lets it have them all, which is go-zero's choice. Default 0.
   */
  readonly boundedLoad: number;
}

/** @throws Error that names the field and the expected form. */
export function parseHashConfig(json: object): HashConfig {
  const members = parseMembersConfig("consistent_hash", json, ["requestHashHeader", "boundedLoad"]);
  const { requestHashHeader = "", boundedLoad = 0 } = json as { requestHashHeader?: unknown; boundedLoad?: unknown };
  if (!isTextHeader(requestHashHeader)) {
    throw refused("consistent_hash.requestHashHeader", requestHashHeader, "the name of metadata that is text");
  }
  if (!isBound(boundedLoad)) {
    throw refused("consistent_hash.boundedLoad", boundedLoad, "a number above 1, for example 1.25, or 0 for no bound");
  }
  return { ...members, requestHashHeader: requestHashHeader.toLowerCase(), boundedLoad };
}

function isTextHeader(name: unknown): name is string {
  return typeof name === "string" && /^[\w.-]*$/.test(name) && !/-bin$/i.test(name);
}

function isBound(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && (value === 0 || value > 1);
}
