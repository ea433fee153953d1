import type * as grpc from "@grpc/grpc-js";

export type Empty = Readonly<Record<string, never>>;

/**
 * The service that every contestant calls. The request says how much work the call is, so that all of them ask for the same;
 * no balancer looks into a request. On the wire it is google.protobuf.DoubleValue, and the answer google.protobuf.Empty,
 * which go-zero's client has without generated code.
 */
const bytes = {
  requestSerialize: encodeWork,
  requestDeserialize: decodeWork,
  responseSerialize: (_answer: Empty) => Buffer.alloc(0),
  responseDeserialize: (_bytes: Buffer): Empty => ({}),
};

const unary = { requestStream: false, responseStream: false, ...bytes } as const;

export const FleetService = {
  fast: { path: "/rollcall.bench.Fleet/Fast", ...unary },
  slow: { path: "/rollcall.bench.Fleet/Slow", ...unary },
  /** Some of its calls are cheap and some dear, as cache hits and misses are. */
  mixed: { path: "/rollcall.bench.Fleet/Mixed", ...unary },
  /** Answers STREAM_ANSWERS times, each as much work as the request says. */
  stream: { path: "/rollcall.bench.Fleet/Stream", requestStream: false, responseStream: true, ...bytes },
} as const satisfies grpc.ServiceDefinition;

export type Method = keyof typeof FleetService;

export const STREAM_ANSWERS = 10;
/** What a stream rests between two answers: it is open, and nobody works for it. */
export const STREAM_PAUSE_MS = 100;

const TAG = 0x09; // field 1, eight bytes

export function encodeWork(ms: number): Buffer {
  const message = Buffer.alloc(9);
  message[0] = TAG;
  message.writeDoubleLE(ms, 1);
  return message;
}

/** @throws RangeError when the message is something else; an empty one is 0, as in proto3. */
export function decodeWork(message: Buffer): number {
  if (message.length === 0) return 0;
  if (message.length !== 9 || message[0] !== TAG) throw new RangeError(`no DoubleValue: ${message.toString("hex")}`);
  return message.readDoubleLE(1);
}
