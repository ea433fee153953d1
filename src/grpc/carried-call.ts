import { Metadata } from "@grpc/grpc-js";
import type { ClientCall } from "../observe/calls/client-call.js";
import type { Headers } from "../observe/calls/headers.js";

const CALL = Symbol("rollcall.call");

interface Carrying {
  [CALL]?: ClientCall;
}

/**
 * Lets a call's metadata carry what observes the call: a policy and its connections are told of a call by its metadata alone, and
 * every attempt begins with a clone of it. Nothing of it is sent.
 */
export function carry(metadata: Metadata, call: ClientCall): Metadata {
  (metadata as Carrying)[CALL] = call;
  metadata.clone = cloneCarrying;
  return metadata;
}

export function carriedCall(metadata: Metadata): ClientCall | undefined {
  return (metadata as Carrying)[CALL];
}

function cloneCarrying(this: Metadata): Metadata {
  return carry(Metadata.prototype.clone.call(this), carriedCall(this)!);
}

export function headersOf(metadata: Metadata): Headers {
  return {
    set: (name, value) => metadata.set(name, value),
    get: (name) => metadata.get(name)[0]?.toString(),
    names: () => Object.keys(metadata.getMap()),
  };
}
