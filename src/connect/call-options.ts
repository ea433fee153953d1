import type { ConnectTransportOptions } from "@connectrpc/connect-node";
import { refuse } from "../target/given.js";

/** What Connect's own transports take for each call, and are given. */
export const CALL_OPTIONS = [
  "useBinaryFormat",
  "jsonOptions",
  "binaryOptions",
  "acceptCompression",
  "sendCompression",
  "compressMinBytes",
  "readMaxBytes",
  "writeMaxBytes",
  "useHttpGet",
] as const satisfies readonly (keyof ConnectTransportOptions)[];

export type CallOptions = Partial<Pick<ConnectTransportOptions, (typeof CALL_OPTIONS)[number]>>;

/** Connect's own limit of a message, 4 GiB. */
const MOST_BYTES = 0xffff_ffff;

const COMPRESSION = "a compression such as compressionGzip of @connectrpc/connect-node";

/** What each of them may be, and in words. */
const KINDS: Record<keyof CallOptions, readonly [is: (value: unknown) => boolean, expected: string]> = {
  useBinaryFormat: [isBoolean, "true or false"],
  jsonOptions: [isObject, "options of @bufbuild/protobuf"],
  binaryOptions: [isObject, "options of @bufbuild/protobuf"],
  acceptCompression: [(list) => Array.isArray(list) && list.every(isCompression), `a list, each ${COMPRESSION}`],
  sendCompression: [(one) => one === null || isCompression(one), COMPRESSION],
  compressMinBytes: [(bytes) => isWhole(bytes, 0), "bytes, a whole number of 0 or more, below 4 GiB"],
  readMaxBytes: [(bytes) => isWhole(bytes, 1), "bytes, a whole number of 1 or more, below 4 GiB"],
  writeMaxBytes: [(bytes) => isWhole(bytes, 1), "bytes, a whole number of 1 or more, below 4 GiB"],
  useHttpGet: [isBoolean, "true or false"],
};

/**
 * Those that are given.
 * @throws TypeError where Connect's own transports, made when an instance is connected to, would refuse them: then every instance
 *   would look as if it could not be connected to.
 */
export function callOptionsOf(given: CallOptions): CallOptions {
  const own: Record<string, unknown> = {};
  for (const name of CALL_OPTIONS) {
    const value = given[name];
    if (value === undefined) continue;
    const [is, expected] = KINDS[name];
    if (!is(value)) refuse(name, value, expected);
    own[name] = value;
  }
  return own;
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isCompression(value: unknown): boolean {
  return isObject(value) && typeof (value as { compress?: unknown }).compress === "function";
}

function isWhole(value: unknown, least: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= MOST_BYTES;
}
