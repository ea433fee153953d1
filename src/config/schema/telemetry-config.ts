import { z } from "zod";
import { parseAddress, quote } from "../../address.js";
import { TELEMETRY_DEFAULTS } from "../../defaults.js";
import { advise } from "./field-annotations.js";
import { flag, optionalText } from "./fields.js";

const BATCHER = "expected otlpgrpc, otlphttp, zipkin or file";
const NAME = "has a header whose name gRPC and HTTP cannot carry; expected letters, digits, -, _ and .";
const VALUE = "has characters that a header cannot carry; expected printable ASCII";

/** What a header holds is a secret as often as not, so no message shows it. */
const headerValue = z
  .union([z.string(), z.number(), z.bigint(), z.boolean()], { error: "is no text (not shown); expected text" })
  .transform(String)
  .refine((value) => /^[\t -~]*$/.test(value), { error: VALUE });

const fields = z.object({
  /** service.name of the spans. Default the server's Name. */
  Name: optionalText("the name of the service, for example order.rpc"),
  /**
   * Where spans go: `host:port` or an http or https URL of the collector, for zipkin its URL, for file a path. Default
   * nowhere: nothing is started.
   */
  Endpoint: optionalText("host:port of the collector"),
  /** Share of the traces that begin here and are kept, 0 to 1; of traces that began elsewhere their beginning decided. Default 1. */
  Sampler: z.number({ error: "expected a share from 0 to 1" }).default(TELEMETRY_DEFAULTS.Sampler),
  /** Default otlpgrpc. */
  Batcher: z
    .enum(["otlpgrpc", "otlphttp", "zipkin", "file"], {
      error: ({ input }) =>
        input === "jaeger"
          ? `${BATCHER}: Jaeger takes OTLP, by otlpgrpc at its port 4317 or otlphttp at 4318`
          : BATCHER,
    })
    .default(TELEMETRY_DEFAULTS.Batcher),
  /** Sent with the spans, as metadata or as HTTP headers. Default none. */
  OtlpHeaders: z
    .record(z.string(), headerValue, { error: "expected names with texts" })
    .refine((headers) => Object.keys(headers).every((name) => /^[\w.-]+$/.test(name)), { error: NAME })
    .optional(),
  /** Path of the collector, with otlphttp. Default /v1/traces. */
  OtlpHttpPath: optionalText("a path, for example /v1/traces"),
  /** HTTPS instead of HTTP, with otlphttp. Default false. */
  OtlpHttpSecure: flag(TELEMETRY_DEFAULTS.OtlpHttpSecure),
  /** Default false. */
  Disabled: flag(TELEMETRY_DEFAULTS.Disabled),
});

export type TelemetryConfig = z.output<typeof fields>;

/** go-zero's trace.Config: spans are exported when the section has an Endpoint. */
export const telemetryConfig = advise(
  fields.superRefine((telemetry, context) => {
    if (telemetry.Endpoint === undefined) return;
    try {
      collectorUrl({ ...telemetry, Endpoint: telemetry.Endpoint });
    } catch (error) {
      context.addIssue({ code: "custom", path: ["Endpoint"], message: (error as Error).message });
    }
  }),
  (value) => {
    const { Endpoint, Batcher, OtlpHttpSecure, OtlpHttpPath, Disabled, Sampler } = value as TelemetryConfig;
    if (Disabled) return undefined;
    if (Endpoint === undefined) return "has no Endpoint, so no spans are sent";
    const isHttp = Batcher === "otlphttp";
    return {
      OtlpHttpSecure:
        OtlpHttpSecure && !isHttp
          ? "counts with Batcher: otlphttp alone; for TLS with otlpgrpc let the Endpoint begin with https://"
          : undefined,
      OtlpHttpPath: OtlpHttpPath && !isHttp ? "counts with Batcher: otlphttp alone" : undefined,
      Sampler:
        Sampler < 0 || Sampler > 1
          ? `is no share from 0 to 1; ${Sampler < 0 ? "no trace" : "every trace"} is kept`
          : undefined,
    };
  },
);

/**
 * Where an exporter sends spans: a URL, for file the path. Existing files have both `host:port`, which is what go-zero takes,
 * and whole URLs, which are meant as they stand.
 * @throws TypeError that says what is wrong, without a password.
 */
export function collectorUrl({
  Batcher,
  Endpoint,
  OtlpHttpPath,
  OtlpHttpSecure,
}: Pick<TelemetryConfig, "Batcher" | "OtlpHttpPath" | "OtlpHttpSecure"> & { readonly Endpoint: string }): string {
  if (Batcher === "file") return Endpoint;
  const isUrl = /^https?:\/\//i.test(Endpoint);
  if (Batcher === "zipkin" && !isUrl) {
    throw new TypeError(`${quote(Endpoint)} is no URL; expected for example http://zipkin:9411/api/v2/spans`);
  }
  if (!isUrl) parseAddress(Endpoint);
  const text = isUrl ? Endpoint : `http://${Endpoint}`;
  if (!URL.canParse(text)) throw new TypeError(`${quote(Endpoint)} is no URL; expected host:port, or http://host:port`);
  const url = new URL(text);
  switch (Batcher) {
    case "zipkin":
      return url.href;
    case "otlpgrpc":
      if (url.username || url.password) {
        throw new TypeError("has a user in its URL, which gRPC does not send; write OtlpHeaders with authorization");
      }
      return `${url.protocol}//${url.host}`;
    case "otlphttp":
      if (OtlpHttpSecure) url.protocol = "https:";
      if (OtlpHttpPath) url.pathname = OtlpHttpPath;
      else if (url.pathname === "/") url.pathname = "/v1/traces";
      return url.href;
  }
}
