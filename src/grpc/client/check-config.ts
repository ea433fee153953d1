import type { ClientConfig } from "../../config/client-target.js";
import { nearMiss } from "../../target/key-names.js";
import { POLICY } from "../service-config.js";

type Check = readonly [fits: (value: unknown) => boolean, expected: string];

const isText = (value: unknown) => typeof value === "string";
const isFlag = (value: unknown) => typeof value === "boolean";
const isWhole = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf = (fits: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(fits);

const BALANCERS = [POLICY, "round_robin", "pick_first"];
const MILLISECONDS = "a whole number of milliseconds, 0 for none";

/** What configuration from files has been checked for already, for configuration that is written in code. */
const CHECKS: Readonly<Record<Exclude<keyof ClientConfig, undefined>, Check>> = {
  Etcd: [isObject, "Hosts and Key of a registry"],
  Endpoints: [isListOf(isText), "a list of addresses, host:port each"],
  Target: [isText, "a target URL, for example dns:///order-rpc:8080"],
  App: [isText, "the name by which this application is known to the server"],
  Token: [isText, "the token that belongs to App"],
  NonBlock: [isFlag, "true or false"],
  Timeout: [isWhole, MILLISECONDS],
  KeepaliveTime: [isWhole, MILLISECONDS],
  Middlewares: [
    (value) => isObject(value) && Object.values(value as object).every((one) => one === undefined || isFlag(one)),
    "an object whose values are true or false",
  ],
  BalancerName: [(value) => value === "" || BALANCERS.includes(value as string), BALANCERS.join(", ")],
  Subset: [isWhole, "a whole number of instances, 0 for all"],
  HealthCheck: [isFlag, "true or false"],
  Zone: [isText, "the name of a zone"],
  Retry: [isObject, "an object, for example {}"],
  Methods: [
    isListOf((value) => isObject(value) && isText((value as { FullMethod?: unknown }).FullMethod)),
    "a list of methods, each with its FullMethod",
  ],
};

/**
 * Refuses what could not be obeyed, by the name of its key: grpc-js would quietly balance less, or not at all.
 * @throws TypeError that names the key, the value and the expected form.
 */
export function checkClientConfig(config: ClientConfig): void {
  for (const [key, [fits, expected]] of Object.entries(CHECKS)) {
    const value: unknown = config[key as keyof ClientConfig];
    if (value === undefined || fits(value)) continue;
    const meant = key === "BalancerName" ? nearMiss(String(value), BALANCERS) : undefined;
    throw new TypeError(`${key} ${shown(key, value)}; expected ${expected}${meant ? `: did you mean ${meant}?` : ""}`);
  }
}

/** What a section or a token holds may be secret. */
function shown(key: string, value: unknown): string {
  return isObject(value) || key === "Token" ? "has a form that cannot be used" : `is ${JSON.stringify(value)}`;
}
