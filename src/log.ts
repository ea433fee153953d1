import { createRequire } from "node:module";
import type { Logger as Pino } from "pino";

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LEVELS)[number];

/** What Rollcall asks of a logger; a pino logger fits as it is. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

const require = createRequire(import.meta.url);

let level: LogLevel = levelFromEnvironment();
let sink: Logger | undefined;

/**
 * Sends Rollcall's log lines to a logger of the application's own. Without it they are JSON lines (pino) on standard
 * error, from `$ROLLCALL_LOG_LEVEL` upwards (default info).
 */
export function setLogger(logger: Logger, from: LogLevel = "debug"): void {
  sink = logger;
  level = from;
}

/** Lowest level that is written. */
export function setLogLevel(lowest: LogLevel): void {
  level = lowest;
}

export function logs(at: Exclude<LogLevel, "silent">): boolean {
  return LEVELS.indexOf(at) >= LEVELS.indexOf(level);
}

/** Rollcall's log. State changes are one line each, at info or above; what happens per call is at debug. */
export const log: Logger = {
  debug: (facts, message) => write("debug", facts, message),
  info: (facts, message) => write("info", facts, message),
  warn: (facts, message) => write("warn", facts, message),
  error: (facts, message) => write("error", facts, message),
};

function write(at: "debug" | "info" | "warn" | "error", facts: object, message: string): void {
  if (!logs(at)) return;
  sink ??= pinoLogger();
  sink[at](facts, message);
}

/** Loaded at the first line written, because importing Rollcall must cost next to nothing. */
function pinoLogger(): Logger {
  const pino = require("pino") as typeof import("pino");
  const logger: Pino = pino.pino({ name: "rollcall", level: "trace" }, pino.destination({ fd: 2, sync: true }));
  return logger;
}

function levelFromEnvironment(): LogLevel {
  const wanted = process.env.ROLLCALL_LOG_LEVEL?.toLowerCase();
  return LEVELS.find((name) => name === wanted) ?? "info";
}
