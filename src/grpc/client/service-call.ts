import type * as grpc from "@grpc/grpc-js";
import type { EndedCall } from "../../observe/calls/call-log.js";
import type { ClientCall } from "../../observe/calls/client-call.js";
import { carry } from "../carried-call.js";

/** A call as a channel of grpc-js creates it and the layers above it use it. */
export type Call = ReturnType<grpc.Channel["createCall"]>;
export type CallListener = Parameters<Call["start"]>[1];

/** Told how a call ended. */
type OnEnd = (call: Omit<EndedCall, "path">) => void;

/** A call of a ServiceChannel: grpc-js' own, with something to do when it starts and when it ends. */
export class ServiceCall implements Call {
  readonly #call: Call;
  readonly #begin: (metadata: grpc.Metadata) => ClientCall | undefined;
  readonly #onEnd: OnEnd | undefined;

  /** @param begin may add to the metadata of a call that starts; what it returns is told how the call ends. */
  constructor(call: Call, begin: (metadata: grpc.Metadata) => ClientCall | undefined, onEnd: OnEnd | undefined) {
    this.#call = call;
    this.#begin = begin;
    this.#onEnd = onEnd;
  }

  start(given: grpc.Metadata, listener: CallListener): void {
    // The caller may use its metadata for other calls.
    const metadata = given.clone();
    const observed = this.#begin(metadata);
    if (observed) carry(metadata, observed);
    this.#call.start(metadata, observed || this.#onEnd ? this.#observing(listener, observed) : listener);
  }

  cancelWithStatus(status: grpc.status, details: string): void {
    this.#call.cancelWithStatus(status, details);
  }
  getPeer(): string {
    return this.#call.getPeer();
  }
  sendMessageWithContext(...message: Parameters<Call["sendMessageWithContext"]>): void {
    this.#call.sendMessageWithContext(...message);
  }
  startRead(): void {
    this.#call.startRead();
  }
  halfClose(): void {
    this.#call.halfClose();
  }
  getCallNumber(): number {
    return this.#call.getCallNumber();
  }
  setCredentials(credentials: grpc.CallCredentials): void {
    this.#call.setCredentials(credentials);
  }
  getAuthContext(): ReturnType<Call["getAuthContext"]> {
    return this.#call.getAuthContext();
  }

  #observing(listener: CallListener, observed: ClientCall | undefined): CallListener {
    const began = performance.now();
    return {
      onReceiveMetadata: (metadata) => listener.onReceiveMetadata(metadata),
      onReceiveMessage: (message) => listener.onReceiveMessage(message),
      onReceiveStatus: (end) => {
        const { code, details } = end;
        observed?.ended(code, details);
        this.#onEnd?.({ code, details, ms: performance.now() - began, peer: () => this.#call.getPeer() });
        listener.onReceiveStatus(end);
      },
    };
  }
}
