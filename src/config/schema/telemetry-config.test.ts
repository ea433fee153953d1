import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigFile } from "../../testing/config-file.js";
import { rpcServerConfig } from "./rpc-server-config.js";
import { collectorUrl } from "./telemetry-config.js";

const file = new ConfigFile();
const yamlOf = (section: string) => `Name: a\nListenOn: ":80"\nTelemetry: ${section}\n`;

test("what cannot be obeyed is refused by name, and headers are never shown", async () => {
  for (const [section, problem] of [
    [
      "{ Batcher: jaeger }",
      '3:23: Telemetry.Batcher: expected otlpgrpc, otlphttp, zipkin or file: Jaeger takes OTLP, by otlpgrpc at its port 4317 or otlphttp at 4318, got "jaeger"',
    ],
    ["{ Batcher: kafka }", '3:23: Telemetry.Batcher: expected otlpgrpc, otlphttp, zipkin or file, got "kafka"'],
    ['{ Sampler: "1" }', '3:23: Telemetry.Sampler: expected a share from 0 to 1, got "1"'],
    [
      "{ Endpoint: collector }",
      '3:24: Telemetry.Endpoint: "collector" is not an address: it has no port; expected host:port, for example 10.0.0.1:8080',
    ],
    [
      "{ Batcher: zipkin, Endpoint: h:9411 }",
      '3:41: Telemetry.Endpoint: "h:9411" is no URL; expected for example http://zipkin:9411/api/v2/spans',
    ],
    [
      "{ Endpoint: https://me:hidden@h:4317 }",
      "3:24: Telemetry.Endpoint has a user in its URL, which gRPC does not send; write OtlpHeaders with authorization",
    ],
    [
      "{ OtlpHeaders: Bearer hidden }",
      "3:27: Telemetry.OtlpHeaders: expected names with texts, got a string (not shown)",
    ],
    [
      '{ OtlpHeaders: { x-key: "hidden\\n" } }',
      "3:36: Telemetry.OtlpHeaders.x-key has characters that a header cannot carry; expected printable ASCII",
    ],
    ["{ OtlpHeaders: { x-key: [hidden] } }", "3:29: Telemetry.OtlpHeaders.x-key is no text (not shown); expected text"],
    [
      '{ OtlpHeaders: { "x key": hidden } }',
      "3:14: Telemetry.OtlpHeaders has a header whose name gRPC and HTTP cannot carry; expected letters, digits, -, _ and .",
    ],
  ] as const) {
    const problems = await file.problems(yamlOf(section), rpcServerConfig);
    assert.deepEqual(problems, [problem], section);
    assert.doesNotMatch(problems.join(), /hidden/);
  }
});

test("what is allowed and has no effect is warned about", async () => {
  for (const [section, ...expected] of [
    ["{ Name: a }", "3:1 Telemetry has no Endpoint, so no spans are sent"],
    ["{ Name: a, Disabled: true }"],
    ["{ Endpoint: h:1, Sampler: 0.5, OtlpHeaders: { x-number: 1 } }"],
    ["{ Endpoint: h:1, Sampler: 5 }", "3:38 Telemetry.Sampler is no share from 0 to 1; every trace is kept"],
    [
      "{ Endpoint: h:1, OtlpHttpSecure: true }",
      "3:45 Telemetry.OtlpHttpSecure counts with Batcher: otlphttp alone; for TLS with otlpgrpc let the Endpoint begin with https://",
    ],
  ] as const) {
    assert.deepEqual((await file.read(yamlOf(section), rpcServerConfig)).warnings, expected, section);
  }
});

test("an Endpoint is host:port, or a URL that is meant as it stands", () => {
  const given = { OtlpHttpPath: undefined, OtlpHttpSecure: false };
  for (const [section, url] of [
    [{ Batcher: "otlpgrpc", Endpoint: "h:4317" }, "http://h:4317"],
    [{ Batcher: "otlpgrpc", Endpoint: "https://h:4317/" }, "https://h:4317"],
    [{ Batcher: "otlpgrpc", Endpoint: "[::1]:4317" }, "http://[::1]:4317"],
    [{ Batcher: "otlphttp", Endpoint: "h:4318" }, "http://h:4318/v1/traces"],
    [{ Batcher: "otlphttp", Endpoint: "h:4318", OtlpHttpSecure: true }, "https://h:4318/v1/traces"],
    [{ Batcher: "otlphttp", Endpoint: "h:4318", OtlpHttpPath: "/a" }, "http://h:4318/a"],
    [{ Batcher: "otlphttp", Endpoint: "http://h:4318/v1/traces" }, "http://h:4318/v1/traces"],
    [{ Batcher: "otlphttp", Endpoint: "https://h/otlp", OtlpHttpPath: "/b" }, "https://h/b"],
    [{ Batcher: "zipkin", Endpoint: "http://h:9411/api/v2/spans" }, "http://h:9411/api/v2/spans"],
    [{ Batcher: "file", Endpoint: "/tmp/spans" }, "/tmp/spans"],
  ] as const) {
    assert.equal(collectorUrl({ ...given, ...section }), url);
  }
});
