import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { Metadata, type StatusObject } from "@grpc/grpc-js";

/** google.rpc.ErrorInfo. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const HEADER = "grpc-status-details-bin";
const TYPE = "type.googleapis.com/google.rpc.ErrorInfo";

/** A status with an ErrorInfo, as every gRPC library sends details: a google.rpc.Status in a trailer. */
export function statusWithDetails(code: number, message: string, info: ErrorInfo): Partial<StatusObject> {
  const metadata = new Metadata();
  metadata.set(HEADER, Buffer.from(encodeStatus(code, message, info)));
  return { code, details: message, metadata };
}

/** The ErrorInfo of a failed call; undefined when there is none. */
export function detailsOf(error: { readonly metadata: Metadata }): ErrorInfo | undefined {
  const [bytes] = error.metadata.get(HEADER);
  if (!(bytes instanceof Uint8Array)) return undefined;
  const [any] = fields(bytes).get(3) ?? [];
  const [type, value] = [1, 2].map((field) => fields(any!).get(field)![0]!);
  if (text(type!) !== TYPE) return undefined;
  const info = fields(value!);
  const pairs = (info.get(3) ?? []).map((entry) => [1, 2].map((field) => text(fields(entry).get(field)![0]!)));
  return {
    reason: text(info.get(1)![0]!),
    domain: text(info.get(2)![0]!),
    metadata: Object.fromEntries(pairs as [string, string][]),
  };
}

function encodeStatus(code: number, message: string, { reason, domain, metadata }: ErrorInfo): Uint8Array {
  const info = new BinaryWriter().uint32(10).string(reason).uint32(18).string(domain);
  for (const [key, value] of Object.entries(metadata)) {
    info.uint32(26).fork().uint32(10).string(key).uint32(18).string(value).join();
  }
  const any = new BinaryWriter().uint32(10).string(TYPE).uint32(18).bytes(info.finish());
  return new BinaryWriter().uint32(8).int32(code).uint32(18).string(message).uint32(26).bytes(any.finish()).finish();
}

/** The length-delimited fields of a message, by number. */
function fields(message: Uint8Array): Map<number, Uint8Array[]> {
  const found = new Map<number, Uint8Array[]>();
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === 2) found.set(field, [...(found.get(field) ?? []), reader.bytes()]);
    else reader.skip(type);
  }
  return found;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
