// What a program with OpenTelemetry has before it: every import goes through its loader.
import { register } from "node:module";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
