import { ApiError } from "./api-error.js";

// What an API server sends, taken apart: it is checked before anything is believed.

/** Longest event and longest page that is read, in bytes. etcd's own limit for an object is 1.5 MB. */
export const MAX_BYTES = 64 * 1024 * 1024;

/** What is read of an object's metadata, or a list's. */
export interface Meta {
  readonly name?: string;
  readonly resourceVersion?: string;
  readonly continue?: string;
}

/** @throws ApiError when it does not end. */
export async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BYTES) throw new ApiError("garbled", `a list is longer than ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws ApiError for what is no JSON object. */
export function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // told below
  }
  throw garbled("no JSON object", text);
}

export function nameOf(object: unknown): string {
  const name = (object as { metadata?: Meta } | null)?.metadata?.name;
  if (typeof name === "string" && name !== "") return name;
  throw garbled("an object without a name", JSON.stringify(object));
}

export function versionOf(metadata: Meta | undefined): string {
  const version = metadata?.resourceVersion;
  if (typeof version === "string" && version !== "") return version;
  throw garbled("metadata without a resourceVersion", JSON.stringify(metadata));
}

export function garbled(what: string, text: string | undefined): ApiError {
  return new ApiError("garbled", `the server sent ${what}: ${(text ?? "").slice(0, 200)}`);
}
