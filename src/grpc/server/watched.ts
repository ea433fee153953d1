import { endsWithin } from "../../async/time-limit.js";
import type { CheckedServerConfig } from "../../config/check.js";
import { log } from "../../log.js";
import type { DevServer } from "../../observe/metrics/dev-server.js";
import type { Telemetry } from "../../observe/telemetry/telemetry.js";

/** How long a stop waits for a collector to take the last spans, in milliseconds. */
const SPANS_MS = 2_000;

/** What a server's configuration shows to others: DevServer and Prometheus over HTTP, its spans to a collector. What fails of it fails no call. */
export class Watched {
  readonly #config: CheckedServerConfig;
  #http: readonly DevServer[] = [];
  #telemetry: Telemetry | undefined;

  constructor(config: CheckedServerConfig) {
    this.#config = config;
  }

  get devServerPort(): number | undefined {
    return this.#config.DevServer?.Enabled ? this.#http[0]?.port : undefined;
  }

  /** Whether there is anything to start. */
  get isWanted(): boolean {
    return this.#sends || this.#serves;
  }

  get #sends(): boolean {
    const { Telemetry } = this.#config;
    return Telemetry?.Endpoint !== undefined && !Telemetry.Disabled;
  }

  get #serves(): boolean {
    const { DevServer, Prometheus } = this.#config;
    return DevServer?.Enabled === true || Boolean(Prometheus?.Host);
  }

  /** @param healthy whether DevServer says so. */
  async start(healthy: () => boolean): Promise<void> {
    const { DevServer, Prometheus, Telemetry } = this.#config;
    if (this.#sends) await this.#startTelemetry(Telemetry!);
    if (!this.#serves) return;
    const { serveDevServer, servePrometheus } = await import("../../observe/metrics/dev-server.js");
    const served = await Promise.all([
      DevServer?.Enabled ? serveDevServer(DevServer, healthy) : undefined,
      Prometheus && servePrometheus(Prometheus),
    ]);
    this.#http = served.filter((one) => one !== undefined);
  }

  async #startTelemetry(section: NonNullable<CheckedServerConfig["Telemetry"]>): Promise<void> {
    const { Name } = this.#config;
    try {
      const { startTelemetry } = await import("../telemetry.js");
      this.#telemetry = await startTelemetry({ ...section, Name: section.Name ?? Name });
    } catch (error) {
      log.error({ server: Name, err: error }, `no spans are sent: ${(error as Error).message}`);
    }
  }

  /** Sends the last spans, once no call makes any more. Never rejects. */
  async sendSpans(): Promise<void> {
    if (!this.#telemetry || (await endsWithin(this.#telemetry.close(), SPANS_MS))) return;
    log.warn({ server: this.#config.Name }, "Telemetry: the last spans have not been taken in time; they are lost");
  }

  /** Ends what is served over HTTP. */
  async close(): Promise<void> {
    await Promise.all(this.#http.map((one) => one.close()));
  }
}
