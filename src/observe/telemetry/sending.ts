import type { TelemetryConfig } from "../../config/schema/telemetry-config.js";

/** A section that says where spans go. */
export type SendingConfig = TelemetryConfig & { readonly Endpoint: string };

/** Makes metadata of headers: an object of grpc-js, which this folder does not know. */
export type MetadataOf = (headers: Readonly<Record<string, string>>) => unknown;
