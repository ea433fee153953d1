import { appendFile } from "node:fs/promises";
import type { Attributes, SpanContext } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-node";

type Time = ReadableSpan["startTime"];

const STATUS = ["Unset", "Ok", "Error"] as const;
const NOBODY = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 };

/** Appends spans to a file, a line of JSON each, in the form of go-zero's `Batcher: file` (OpenTelemetry Go's stdouttrace). */
export class FileExporter implements SpanExporter {
  readonly #path: string;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter["export"]>[1]): void {
    const lines = spans.map((span) => `${JSON.stringify(spanInGo(span))}\n`).join("");
    this.#written = this.#written
      .then(() => appendFile(this.#path, lines))
      .then(
        () => done({ code: 0 }),
        (error: Error) => done({ code: 1, error }),
      );
  }

  shutdown(): Promise<void> {
    return this.#written;
  }

  forceFlush(): Promise<void> {
    return this.#written;
  }
}

function spanInGo(span: ReadableSpan): object {
  const { name, version = "", schemaUrl = "" } = span.instrumentationScope;
  const scope = { Name: name, Version: version, SchemaURL: schemaUrl, Attributes: null };
  const parent = span.parentSpanContext ?? NOBODY;
  return {
    Name: span.name,
    SpanContext: contextInGo(span.spanContext()),
    Parent: contextInGo(parent),
    // Go counts from unspecified, which is 0.
    SpanKind: span.kind + 1,
    StartTime: timeInGo(span.startTime),
    EndTime: timeInGo(span.endTime),
    Attributes: attributesInGo(span.attributes),
    Events: listInGo(span.events, (event) => ({
      Name: event.name,
      Attributes: attributesInGo(event.attributes),
      DroppedAttributeCount: event.droppedAttributesCount ?? 0,
      Time: timeInGo(event.time),
    })),
    Links: listInGo(span.links, (link) => ({
      SpanContext: contextInGo(link.context),
      Attributes: attributesInGo(link.attributes),
      DroppedAttributeCount: link.droppedAttributesCount ?? 0,
    })),
    Status: { Code: STATUS[span.status.code], Description: span.status.message ?? "" },
    DroppedAttributes: span.droppedAttributesCount,
    DroppedEvents: span.droppedEventsCount,
    DroppedLinks: span.droppedLinksCount,
    ChildSpanCount: 0,
    Resource: attributesInGo(span.resource.attributes),
    InstrumentationScope: scope,
    InstrumentationLibrary: scope,
  };
}

function contextInGo({ traceId, spanId, traceFlags, traceState, isRemote = false }: SpanContext): object {
  const TraceFlags = traceFlags.toString(16).padStart(2, "0");
  return { TraceID: traceId, SpanID: spanId, TraceFlags, TraceState: traceState?.serialize() ?? "", Remote: isRemote };
}

/** Seconds and nanoseconds as RFC 3339. */
function timeInGo([seconds, nanoseconds]: Time): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${String(nanoseconds).padStart(9, "0")}Z`;
}

function attributesInGo(attributes: Attributes | undefined): object[] | null {
  const known = Object.entries(attributes ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return listInGo(known, ([Key, value]) => ({ Key, Value: { Type: typeInGo(value), Value: value } }));
}

function typeInGo(value: unknown): string {
  if (Array.isArray(value)) return `${typeInGo(value.find((item) => item !== null) ?? "")}SLICE`;
  if (typeof value === "boolean") return "BOOL";
  if (typeof value === "number") return Number.isInteger(value) ? "INT64" : "FLOAT64";
  return "STRING";
}

/** Go writes a list without items as null. */
function listInGo<T>(items: readonly T[], inGo: (item: T) => object): object[] | null {
  return items.length === 0 ? null : items.map(inGo);
}
