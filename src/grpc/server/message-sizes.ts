import type * as grpc from "@grpc/grpc-js";
import { currentMeasures } from "../../observe/metrics/measures.js";

/** How many bytes a message took on the wire, or takes there: interceptors are shown messages and no bytes. */
const sizes = new WeakMap<object, number>();

/** 0 of a message that is no object, or went by while nobody measured. */
export function sizeOf(message: unknown): number {
  return isObject(message) ? (sizes.get(message) ?? 0) : 0;
}

/** The same service, whose messages have a size while somebody measures. What came compressed has that of before. */
export function withSizes(service: grpc.ServiceDefinition): grpc.ServiceDefinition {
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, sized(method)]));
}

function sized(method: grpc.MethodDefinition<unknown, unknown>): grpc.MethodDefinition<unknown, unknown> {
  const { requestDeserialize, responseSerialize } = method;
  return {
    ...method,
    requestDeserialize: (bytes) => {
      const message = requestDeserialize(bytes);
      note(message, bytes);
      return message;
    },
    responseSerialize: (message) => {
      const bytes = responseSerialize(message);
      note(message, bytes);
      return bytes;
    },
  };
}

function note(message: unknown, { length }: Buffer): void {
  if (isObject(message) && currentMeasures()) sizes.set(message, length);
}

function isObject(message: unknown): message is object {
  return typeof message === "object" && message !== null;
}
