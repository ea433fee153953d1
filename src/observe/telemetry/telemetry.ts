import type { TelemetryConfig } from "../../config/schema/telemetry-config.js";
import { log } from "../../log.js";
import { redactUrl } from "../../target/redact.js";
import { isTracing } from "../calls/tracing.js";
import { isGlobalSet, openTelemetry } from "../opentelemetry.js";
import { exporterOf, missing, SEND_MS, ToldExporter } from "./exporter.js";
import type { MetadataOf, SendingConfig } from "./sending.js";

/** The spans of a process on their way to a collector. */
export interface Telemetry {
  /** Sends what is left and ends, once everybody who started it has closed it. Waits for 5 s at most, and never rejects. */
  close(): Promise<void>;
}

/** An SDK that is set, and what takes it away again once the last span is sent. Never rejects. */
type End = () => Promise<void>;

/** The process's own, and how many want it. Spans belong to the process, so there is one, as with go-zero. */
let running: { readonly begun: Promise<End>; readonly config: SendingConfig; users: number } | undefined;
let ending: Promise<void> = Promise.resolve();

/**
 * go-zero's Telemetry: sets an OpenTelemetry SDK that sends the spans of this process to a collector. Undefined where the
 * section wants none, and where the application has set an SDK itself: that one has the spans.
 * @throws Error that names the packages to install where they are missing.
 */
export async function startTelemetry(config: TelemetryConfig, metadataOf: MetadataOf): Promise<Telemetry | undefined> {
  if (!isSending(config) || config.Disabled) return undefined;
  await ending;
  if (running) {
    if (JSON.stringify(running.config) !== JSON.stringify(config)) {
      log.info(
        { server: config.Name },
        "Telemetry: this process sends its spans as another section says, which was the first",
      );
    }
  } else if (isTracing()) {
    log.info(
      { server: config.Name },
      "Telemetry: nothing is started, because the application has set an OpenTelemetry SDK",
    );
    return undefined;
  } else {
    running = { begun: begin(config, metadataOf), config, users: 0 };
  }
  const mine = running;
  mine.users += 1;
  try {
    await mine.begun;
  } catch (error) {
    if (running === mine) running = undefined;
    throw error;
  }
  let closed: Promise<void> | undefined;
  return {
    close() {
      closed ??= leave(mine);
      return closed;
    },
  };
}

function isSending(config: TelemetryConfig): config is SendingConfig {
  return config.Endpoint !== undefined;
}

async function leave(mine: NonNullable<typeof running>): Promise<void> {
  mine.users -= 1;
  if (mine.users > 0) return;
  running = undefined;
  ending = mine.begun.then((end) => end());
  await ending;
}

async function begin(config: SendingConfig, metadataOf: MetadataOf): Promise<End> {
  const { trace, resources } = await sdk(config);
  const { Name, Batcher, Endpoint, Sampler } = config;
  const exporter = new ToldExporter(await exporterOf(config, metadataOf), config);
  const provider = new trace.NodeTracerProvider({
    // As go-zero has it: what the environment says of the process, where the file does not say otherwise.
    resource: resources
      .defaultResource()
      .merge(resources.detectResources({ detectors: [resources.envDetector] }))
      .merge(resources.resourceFromAttributes(Name === undefined ? {} : { "service.name": Name })),
    sampler: new trace.ParentBasedSampler({ root: new trace.TraceIdRatioBasedSampler(Sampler) }),
    spanProcessors: [new trace.BatchSpanProcessor(exporter, { exportTimeoutMillis: SEND_MS })],
  });
  // The application may have set these without a provider: they stay its own.
  const given = { context: isGlobalSet("context"), propagation: isGlobalSet("propagation") };
  provider.register({
    ...(given.context && { contextManager: null }),
    ...(given.propagation && { propagator: null }),
  });
  log.info({ server: Name, batcher: Batcher, endpoint: redactUrl(Endpoint) }, "Telemetry: spans are sent");
  return async () => {
    // Why the last ones did not arrive has been said.
    await provider.shutdown().catch(() => {});
    const api = openTelemetry()!;
    api.trace.disable();
    if (!given.context) api.context.disable();
    if (!given.propagation) api.propagation.disable();
  };
}

/** In a try block, by which bundlers know that they may be missing. */
async function sdk({ Batcher }: SendingConfig) {
  try {
    return {
      trace: await import("@opentelemetry/sdk-trace-node"),
      resources: await import("@opentelemetry/resources"),
    };
  } catch (cause) {
    throw missing(Batcher, cause);
  }
}
