import * as grpc from "@grpc/grpc-js";
import { checkTelemetryConfig } from "../config/check.js";
import type { TelemetrySettings } from "../config/schema/server-config.js";
import { startTelemetry as start, type Telemetry } from "../observe/telemetry/telemetry.js";

/**
 * Sends the spans of this process to a collector, as createServer does for the section Telemetry: for programs without one.
 * Undefined where the section has no Endpoint or is Disabled, and where the application has set an OpenTelemetry SDK itself.
 * @throws TypeError when a setting is malformed; Error that names the packages to install where they are missing.
 */
export async function startTelemetry(settings: TelemetrySettings): Promise<Telemetry | undefined> {
  return start(checkTelemetryConfig(settings), (headers) => {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  });
}
