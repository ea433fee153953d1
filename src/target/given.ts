import { quote } from "../address.js";
import type { Target } from "../registry.js";
import { formOf } from "./forms.js";
import { probablyMeant } from "./key-names.js";
import { parseTargetUrl } from "./parse.js";

/** What a program is given in code. Types do not reach callers in JavaScript: what cannot be obeyed is refused by name. */

/**
 * @param what whose options they are, for the message: `a pool`.
 * @throws TypeError unless these are options, all of them known.
 */
export function checkNames(what: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new TypeError(`${what} takes its options by name, { name: value }, not ${shown(given)}`);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const meant = probablyMeant(name, names);
    const advice = meant === undefined ? `its options are ${names.join(", ")}` : `did you mean ${meant}?`;
    throw new TypeError(`${what} has no option ${quote(name)}: ${advice}`);
  }
}

/** @throws TypeError that shows a text or a number; of anything else, which may hold keys and passwords, what it is. */
export function refuse(name: string, value: unknown, expected: string): never {
  throw new TypeError(`${name} is ${shown(value)}; expected ${expected}`);
}

/**
 * A target as it was given: a URL or its parts.
 * @throws TypeError like parseTargetUrl; where the parts are none.
 */
export function targetOf(given: string | Target): Target {
  if (typeof given === "string") return parseTargetUrl(given);
  const { scheme, hosts, service, params } = (given ?? {}) as Partial<Target>;
  const isTarget =
    typeof scheme === "string" && isTexts(hosts) && typeof service === "string" && service !== "" && isObject(params);
  if (!isTarget) {
    refuse("the target", given, "a URL such as etcd:///h1:2379?key=order.rpc, or { scheme, hosts, service, params }");
  }
  formOf(scheme);
  return given;
}

function isTexts(list: unknown): boolean {
  return Array.isArray(list) && list.every((one) => typeof one === "string");
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
