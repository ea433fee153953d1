import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Where every copy of the API of major version 1 finds what the application's SDK has set. */
const GLOBAL = Symbol.for("opentelemetry.js.api.1");

type Api = typeof import("@opentelemetry/api");

let api: Api | undefined;

/** OpenTelemetry's API, loaded once an SDK has been set; undefined before, so that those without one pay nothing for it. */
export function openTelemetry(): Api | undefined {
  if (!api && GLOBAL in globalThis) api = require("@opentelemetry/api") as Api;
  return api;
}

/** Whether somebody has set this part of the API for the process. */
export function isGlobalSet(part: "context" | "propagation"): boolean {
  const set = (globalThis as Record<symbol, Partial<Record<string, object>> | undefined>)[GLOBAL];
  return set?.[part] !== undefined;
}
