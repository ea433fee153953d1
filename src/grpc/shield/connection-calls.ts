import type * as grpc from "@grpc/grpc-js";
import type { StatusObject, Subchannel } from "./experimental.js";

/** What calls on a connection hear. */
export interface CallListener {
  onReceiveMetadata(metadata: grpc.Metadata): void;
  onReceiveMessage(message: Buffer): void;
  onReceiveStatus(status: StatusObject): void;
}

/** A call on one connection. Messages are framed: a compression flag, a length, the payload. */
export interface ConnectionCall {
  startRead(): void;
  sendMessageWithContext(context: object, message: Buffer): void;
  halfClose(): void;
  cancelWithStatus(status: grpc.status, details: string): void;
}

/** The end of a subchannel at which grpc-js starts calls. */
export interface CallStarter {
  createCall(
    metadata: grpc.Metadata,
    host: string,
    method: string,
    listener: CallListener,
    callNumber: number,
  ): ConnectionCall;
}

export function callStarter(subchannel: Subchannel): CallStarter {
  return subchannel.getRealSubchannel() as unknown as CallStarter;
}
