/** The checks of files, for configuration that code gives: where the client or the server is made. */
import type { z } from "zod";
import { quote } from "../address.js";
import { log } from "../log.js";
import { adviceFor } from "./advice.js";
import { keyPath } from "./config-error.js";
import { describeIssue, expectation, valueAt } from "./describe-issue.js";
import { misspelt } from "./misspelt.js";
import type { ClientConfig } from "./schema/client-target.js";
import { clientConfigInCode, type RpcClientConfig } from "./schema/rpc-client-config.js";
import { type RpcServerConfig, serverConfigInCode } from "./schema/rpc-server-config.js";
import type { ServerConfig, TelemetrySettings } from "./schema/server-config.js";
import { type TelemetryConfig, telemetryConfig } from "./schema/telemetry-config.js";

/** As a file's, but that a server made by code needs no name. */
export type CheckedServerConfig = Omit<RpcServerConfig, "Name"> & { readonly Name?: string | undefined };

/** What a file's loader has warned about already. */
const advised = new WeakSet<object>();

/** Notes the sections of a loaded configuration, so that nothing is warned about twice. */
export function noteAdvised(config: unknown, depth = 0): void {
  if (typeof config !== "object" || config === null || depth > 10) return;
  advised.add(config);
  for (const inner of Object.values(config)) noteAdvised(inner, depth + 1);
}

/**
 * A client's configuration with its defaults filled in. Durations are milliseconds.
 * @throws TypeError that names each key that is wrong, what is expected, and what was given.
 */
export function checkClientConfig(config: ClientConfig): RpcClientConfig {
  return checked("a client", clientConfigInCode, config);
}

/**
 * A server's configuration with its defaults filled in. Durations are milliseconds.
 * @throws TypeError that names each key that is wrong, what is expected, and what was given.
 */
export function checkServerConfig(config: ServerConfig): CheckedServerConfig {
  return checked("a server", serverConfigInCode, config);
}

/**
 * The settings of a Telemetry section with their defaults filled in.
 * @throws TypeError that names each key that is wrong, what is expected, and what was given, but for secrets.
 */
export function checkTelemetryConfig(config: TelemetrySettings): TelemetryConfig {
  return checked("Telemetry", telemetryConfig, config);
}

function checked<Schema extends z.ZodType>(
  kind: "a client" | "a server" | "Telemetry",
  schema: Schema,
  config: unknown,
): z.output<Schema> {
  if (kind === "a client" && (typeof config === "string" || config instanceof URL)) {
    throw new TypeError(
      `the configuration of a client is keys with values, not ${quote(String(config))}: give { Target: url }`,
    );
  }
  const read = schema.safeParse(config, { error: expectation });
  const slips = advised.has(config as object) ? [] : misspelt(schema, config);
  if (!read.success) {
    const problems = read.error.issues.map((issue) => {
      const message = describeIssue(issue, valueAt(config, issue.path));
      const key = keyPath(issue.path);
      return key === "" ? message : `${key}${/^(is|has) /.test(message) ? " " : ": "}${message}`;
    });
    // A misspelt key may well be the reason, so it is told in the same breath.
    problems.push(...slips.map(({ path, meant }) => `${keyPath(path)}: did you mean ${meant}?`));
    throw new TypeError(`the configuration of ${kind} is not usable: ${[...new Set(problems)].join("; ")}`);
  }
  if (!advised.has(config as object)) {
    advised.add(config as object);
    for (const { path, meant } of slips) {
      log.warn(
        { key: keyPath(path) },
        `the configuration of ${kind}: ${keyPath(path)} is no key of it: did you mean ${meant}?`,
      );
    }
    for (const { path, message } of adviceFor(schema, read.data, config)) {
      log.warn({ key: keyPath(path) }, `the configuration of ${kind}: ${keyPath(path)} ${message}`);
    }
  }
  return read.data;
}
