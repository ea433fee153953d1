import { createRequire } from "node:module";
import { log } from "../log.js";

const require = createRequire(import.meta.url);

/** Where every copy of the API of major version 1 finds what the application's SDK has set. */
const GLOBAL = Symbol.for("opentelemetry.js.api.1");

type Api = typeof import("@opentelemetry/api");

let api: Api | undefined;

/** OpenTelemetry's API, loaded once an SDK has been set; undefined before, so that those without one pay nothing for it. */
export function openTelemetry(): Api | undefined {
  if (!api && GLOBAL in globalThis) {
    api = require("@opentelemetry/api") as Api;
    tellIfUnheard(api);
  }
  return api;
}

/** A copy of the API does not speak to an SDK that was set by an older one, and says nothing of it. */
function tellIfUnheard({ trace, metrics }: Api): void {
  const { version, ...set } = globals() ?? {};
  const heard =
    (set.trace === undefined || trace.getTracerProvider() === set.trace) &&
    (set.metrics === undefined || metrics.getMeterProvider() === set.metrics);
  if (heard) return;
  log.warn(
    { version },
    "metrics and traces do not reach the application's OpenTelemetry SDK, because its @opentelemetry/api is older than 1.9: " +
      "run `npm install @opentelemetry/api@1`",
  );
}

function globals(): Partial<Record<string, unknown>> | undefined {
  return (globalThis as Record<symbol, Partial<Record<string, unknown>> | undefined>)[GLOBAL];
}

/** Whether somebody has set this part of the API for the process. */
export function isGlobalSet(part: "context" | "propagation"): boolean {
  return globals()?.[part] !== undefined;
}
