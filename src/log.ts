import { writeSync } from "node:fs";
import { hostname } from "node:os";
import { isatty } from "node:tty";
import { presentable, presentableText } from "./log-facts.js";
import { isError } from "./thrown.js";

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LEVELS)[number];
type Severity = "debug" | "info" | "warn" | "error";

/**
 * What Rollcall asks of a logger; a pino logger fits as it is. One that throws, or whose promise is rejected, loses the line
 * and disturbs nothing.
 */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** The default logger's file: standard error. */
const FD = 2;
/** pino's numbers, which log readers know. */
const PINO_LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

let level: LogLevel = levelFromEnvironment();
let sink: Logger | undefined;
/** Loggers that have failed, each named once. */
const failed = new WeakSet<Logger>();
/** Lines that could not be written; told with the next one that can. */
let lost = 0;
let terminal: boolean | undefined;

/**
 * Sends Rollcall's log lines to a logger of the application's own. Without it they go to standard error, from
 * `$ROLLCALL_LOG_LEVEL` upwards (default info): as readable lines on a terminal, else as JSON in the form of pino's.
 * @param from lowest level that is handed on. Default debug.
 * @throws TypeError for a logger that lacks a method, or a level that is none.
 */
export function setLogger(logger: Logger, from: LogLevel = "debug"): void {
  const given = logger as Partial<Logger> | null | undefined;
  const lacking = (["debug", "info", "warn", "error"] as const).filter((at) => typeof given?.[at] !== "function");
  if (lacking.length > 0) throw new TypeError(`the logger given to setLogger has no method ${lacking.join(", ")}`);
  setLogLevel(from);
  sink = logger;
}

/**
 * Lowest level that is written. Default `$ROLLCALL_LOG_LEVEL`, then info.
 * @throws TypeError for a level that is none: every line would be written.
 */
export function setLogLevel(lowest: LogLevel): void {
  if (!LEVELS.includes(lowest))
    throw new TypeError(`${String(lowest)} is no log level; expected one of ${LEVELS.join(", ")}`);
  level = lowest;
}

export function logs(at: Exclude<LogLevel, "silent">): boolean {
  return LEVELS.indexOf(at) >= LEVELS.indexOf(level);
}

/**
 * Rollcall's log. State changes are one line each, at info or above; what happens per call is at debug. One name for one
 * fact: `service`, `instance`, `backend`, `err`. Secrets in facts and messages are hidden, and what steers a terminal is
 * made visible. Never throws: a line that cannot be written is lost.
 */
export const log: Logger = {
  debug: (facts, message) => write("debug", facts, message),
  info: (facts, message) => write("info", facts, message),
  warn: (facts, message) => write("warn", facts, message),
  error: (facts, message) => write("error", facts, message),
};

/**
 * Calls something of the application's that only listens: what it throws, or rejects with, is logged and goes no further.
 * @param what for the log, for example `a listener of a registration`
 */
export function safely(what: string, listener: () => unknown): void {
  const report = (error: unknown) => log.error({ err: error }, `${what} threw`);
  try {
    const answer = listener();
    if (answer instanceof Promise) answer.catch(report);
  } catch (error) {
    report(error);
  }
}

function write(at: Severity, facts: object, message: string): void {
  if (!logs(at)) return;
  const shown = presentableText(message);
  if (!sink) {
    writeLine(at, presentable(facts), shown);
    return;
  }
  const logger = sink;
  try {
    const answer: unknown = logger[at](presentable(facts), shown);
    if (answer instanceof Promise) answer.catch((error) => reportLogger(logger, error));
  } catch (error) {
    reportLogger(logger, error);
  }
}

/** A logger that fails cannot say so itself. */
function reportLogger(logger: Logger, error: unknown): void {
  if (failed.has(logger)) return;
  failed.add(logger);
  writeLine(
    "error",
    presentable({ err: error }),
    "the logger given to setLogger threw; lines it does not take are lost",
  );
}

function writeLine(at: Severity, facts: Record<string, unknown>, message: string): void {
  const told = lost > 0 ? { ...facts, lostLines: lost } : facts;
  try {
    terminal ??= isatty(FD);
    const line = terminal ? readable(new Date(), at, told, message) : json(new Date(), at, told, message);
    for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) rest = rest.subarray(writeSync(FD, rest));
    lost = 0;
  } catch {
    // A full disk, a closed pipe, a reader that is too slow: the program goes on.
    lost++;
  }
}

/** A fact whose name the line itself uses gets an underscore, so that no name stands twice. */
function json(time: Date, at: Severity, facts: Record<string, unknown>, msg: string): string {
  const head = {
    level: PINO_LEVELS[at],
    time: time.getTime(),
    pid: process.pid,
    hostname: hostname(),
    name: "rollcall",
  };
  const taken = new Set([...Object.keys(head), "msg"]);
  const own = Object.entries(facts).map(([name, value]) => [taken.has(name) ? `${name}_` : name, value]);
  return JSON.stringify({ ...head, ...Object.fromEntries(own), msg }, (_name, value: unknown) =>
    // What an error has beside its own fields is not enumerable. An undefined cause is left out.
    isError(value)
      ? { ...value, type: value.name, message: value.message, stack: value.stack, cause: value.cause }
      : value,
  );
}

/** `12:00:01.042 WARN  message  service=order.rpc instance=10.0.0.1:8080`. */
function readable(time: Date, at: Severity, facts: Record<string, unknown>, message: string): string {
  const clock = `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  const pairs = Object.entries(facts).map(([name, value]) => {
    const said = name !== "err" ? value : isError(value) ? withCauses(value) : (messageIn(value) ?? value);
    return ` ${name}=${typeof said === "string" && !/[\s"=]/.test(said) ? said : JSON.stringify(said)}`;
  });
  return `${clock} ${at.toUpperCase().padEnd(5)} ${message}${pairs.length > 0 ? ` ${pairs.join("")}` : ""}`;
}

/** Of what is no error, but has a message: anything can be thrown. */
function messageIn(value: unknown): unknown {
  return (value as { message?: unknown } | null)?.message;
}

/** With those of its causes, where it does not repeat them itself. */
function withCauses({ message, cause }: Error): string {
  if (!isError(cause)) return message;
  const inner = withCauses(cause);
  return message.includes(inner) ? message : `${message}: ${inner}`;
}

function levelFromEnvironment(): LogLevel {
  const wanted = process.env.ROLLCALL_LOG_LEVEL;
  if (!wanted) return "info";
  const known = LEVELS.find((name) => name === wanted.trim().toLowerCase());
  // Not at once, so that an application may set its logger first.
  if (!known) {
    setImmediate(() =>
      log.warn({ wanted }, `$ROLLCALL_LOG_LEVEL is none of ${LEVELS.join(", ")}; info is used`),
    ).unref();
  }
  return known ?? "info";
}
