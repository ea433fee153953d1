import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** A span as a collector got it. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: "SERVER" | "CLIENT" | "INTERNAL" | string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly resource: Readonly<Record<string, string>>;
}

/** A collector of OpenTelemetry's protocol, as far as spans go. */
export interface Collector {
  /** `host:port`. */
  readonly address: string;
  readonly spans: ReceivedSpan[];
  /** The headers or metadata of each delivery. */
  readonly headers: Record<string, string>[];
  /** Of each delivery over HTTP. */
  readonly paths: string[];
  /** Answers nothing until it is set to false. */
  hangs: boolean;
  /** Refuses what comes. */
  refuses: boolean;
  stop(): void;
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}
interface ExportRequest {
  readonly resourceSpans?: {
    readonly resource: { readonly attributes?: KeyValue[] };
    readonly scopeSpans?: {
      readonly spans?: { name: string; kind: number; traceId: Buffer; spanId: Buffer; parentSpanId?: Buffer }[];
    }[];
  }[];
}

const file = fileURLToPath(new URL("./otlp.proto", import.meta.url));
const { Export } = loadSync(file)[
  "opentelemetry.proto.collector.trace.v1.TraceService"
] as grpc.ServiceDefinition as unknown as { Export: grpc.MethodDefinition<ExportRequest, object> };
const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT"];

/** @param kind how spans come: as Batcher says. */
export async function startCollector(t: TestContext, kind: "otlpgrpc" | "otlphttp", port = 0): Promise<Collector> {
  const collector = { spans: [], headers: [], paths: [], hangs: false, refuses: false } as Omit<
    Collector,
    "address" | "stop"
  >;
  const { port: bound, stop } = await (kind === "otlpgrpc" ? overGrpc(collector, port) : overHttp(collector, port));
  t.after(stop);
  return Object.assign(collector, { address: `127.0.0.1:${bound}`, stop });
}

type Listening = { readonly port: number; stop(): void };

async function overGrpc(collector: Omit<Collector, "address" | "stop">, port: number): Promise<Listening> {
  const server = new grpc.Server();
  server.addService({ Export } as unknown as grpc.ServiceDefinition, {
    Export(call: grpc.ServerUnaryCall<ExportRequest, object>, callback: grpc.sendUnaryData<object>) {
      if (collector.hangs) return;
      if (collector.refuses) return callback({ code: grpc.status.PERMISSION_DENIED, details: "refused" });
      collector.headers.push(call.metadata.getMap() as Record<string, string>);
      collector.spans.push(...spansOf(call.request));
      callback(null, {});
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, one) =>
      error ? reject(error) : resolve(one),
    );
  });
  return { port: bound, stop: () => server.forceShutdown() };
}

async function overHttp(collector: Omit<Collector, "address" | "stop">, port: number): Promise<Listening> {
  const server = createServer(async (request, response) => {
    if (collector.hangs) return;
    const body = await bodyOf(request);
    if (collector.refuses) return void response.writeHead(403).end("refused");
    collector.headers.push(request.headers as Record<string, string>);
    collector.paths.push(request.url!);
    collector.spans.push(...spansOf(Export.requestDeserialize(body)));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function spansOf({ resourceSpans = [] }: ExportRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const attributes = Object.fromEntries(
      (resource.attributes ?? []).map(({ key, value }) => [key, value.stringValue ?? ""]),
    );
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map(({ name, kind, traceId, spanId, parentSpanId }) => ({
        service: attributes["service.name"] ?? "",
        resource: attributes,
        name,
        kind: KINDS[kind] ?? String(kind),
        traceId: traceId.toString("hex"),
        spanId: spanId.toString("hex"),
        parentId: parentSpanId?.toString("hex") ?? "",
      })),
    );
  });
}
