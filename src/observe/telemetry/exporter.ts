import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-node";
import { collectorUrl, type TelemetryConfig } from "../../config/schema/telemetry-config.js";
import { log } from "../../log.js";
import { redactUrl } from "../../target/redact.js";
import { FileExporter } from "./file-exporter.js";
import type { MetadataOf, SendingConfig } from "./sending.js";

/** How long sending a batch may take, with its retries, in milliseconds. Where nobody waits for the end, it holds the process so long. */
export const SEND_MS = 5_000;

/** @throws Error when the package that this Batcher needs cannot be loaded. */
export async function exporterOf(config: SendingConfig, metadataOf: MetadataOf): Promise<SpanExporter> {
  const url = collectorUrl(config);
  const headers = config.OtlpHeaders ?? {};
  // In a try block, by which bundlers know that they may be missing.
  try {
    switch (config.Batcher) {
      case "otlpgrpc": {
        const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc");
        type Options = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;
        const metadata = metadataOf(headers) as NonNullable<Options["metadata"]>;
        return new OTLPTraceExporter({ url, metadata, timeoutMillis: SEND_MS });
      }
      case "otlphttp": {
        const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
        return new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: SEND_MS });
      }
      case "zipkin": {
        const { ZipkinExporter } = await import("@opentelemetry/exporter-zipkin");
        return new ZipkinExporter({ url });
      }
      case "file":
        return new FileExporter(url);
    }
  } catch (cause) {
    throw missing(config.Batcher, cause);
  }
}

/** The last versions for Node.js 20. */
const PACKAGES = {
  otlpgrpc: " @opentelemetry/exporter-trace-otlp-grpc@0.223",
  otlphttp: " @opentelemetry/exporter-trace-otlp-proto@0.223",
  zipkin: " @opentelemetry/exporter-zipkin@2",
  file: "",
} as const;

/** What a package that cannot be loaded means to whoever wrote the section. */
export function missing(batcher: TelemetryConfig["Batcher"], cause: unknown): Error {
  const { code } = cause as { code?: unknown };
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return cause as Error;
  const command = `npm install @opentelemetry/sdk-trace-node@2 @opentelemetry/resources@2${PACKAGES[batcher]}`;
  return new Error(`Telemetry with Batcher: ${batcher} needs packages of OpenTelemetry: run \`${command}\``, { cause });
}

/** Says once that spans do not arrive, and once that they do again; the SDK itself says nothing. */
export class ToldExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #where: object;
  #failing = false;

  constructor(exporter: SpanExporter, { Batcher, Endpoint }: SendingConfig) {
    this.#exporter = exporter;
    this.#where = { batcher: Batcher, endpoint: redactUrl(Endpoint) };
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter["export"]>[1]): void {
    this.#exporter.export(spans, (result) => {
      const failing = result.code !== 0;
      if (failing && !this.#failing) {
        log.warn(
          { ...this.#where, err: result.error },
          "Telemetry: the Endpoint takes no spans; they are lost until it does",
        );
      }
      if (!failing && this.#failing) log.info(this.#where, "Telemetry: the Endpoint takes spans again");
      this.#failing = failing;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }
}
