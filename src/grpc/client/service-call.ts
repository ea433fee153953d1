import type * as grpc from "@grpc/grpc-js";
import type { CallLog } from "../../observe/calls/call-log.js";
import type { ClientCall } from "../../observe/calls/client-call.js";
import { carriedCall } from "../carried-call.js";

/** A call as a channel of grpc-js creates it and the layers above it use it. */
export type Call = ReturnType<grpc.Channel["createCall"]>;
export type CallListener = Parameters<Call["start"]>[1];
/** What a message is sent with, and its bytes. */
export type Message = Parameters<Call["sendMessageWithContext"]>;

/** What a channel does about its calls. */
export interface CallSetting {
  /**
   * A call begins.
   * @returns the metadata to send: the given one where nothing is added, for its caller may use it for other calls. It carries
   * what observes the call.
   */
  begin(path: string, given: grpc.Metadata): grpc.Metadata;
  /** Told of the ends of unary calls. */
  readonly log: CallLog | undefined;
}

/** A call of a ServiceChannel: grpc-js' own, with something to do when it starts and when it ends. */
export class ServiceCall implements Call {
  readonly #call: Call;
  readonly #path: string;
  readonly #setting: CallSetting;

  constructor(call: Call, path: string, setting: CallSetting) {
    this.#call = call;
    this.#path = path;
    this.#setting = setting;
  }

  start(given: grpc.Metadata, listener: CallListener): void {
    const metadata = this.#setting.begin(this.#path, given);
    const observed = carriedCall(metadata);
    const { log } = this.#setting;
    this.#call.start(
      metadata,
      observed || log ? new ObservedListener(this.#call, this.#path, listener, observed, log) : listener,
    );
  }

  cancelWithStatus(status: grpc.status, details: string): void {
    this.#call.cancelWithStatus(status, details);
  }
  getPeer(): string {
    return this.#call.getPeer();
  }
  sendMessageWithContext(context: Message[0], message: Message[1]): void {
    this.#call.sendMessageWithContext(context, message);
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
}

/** Passes on what a call hears, and tells whoever observes the call how it ended. */
class ObservedListener implements CallListener {
  readonly #call: Call;
  readonly #path: string;
  readonly #listener: CallListener;
  readonly #observed: ClientCall | undefined;
  readonly #log: CallLog | undefined;
  readonly #began = performance.now();

  constructor(
    call: Call,
    path: string,
    listener: CallListener,
    observed: ClientCall | undefined,
    log: CallLog | undefined,
  ) {
    this.#call = call;
    this.#path = path;
    this.#listener = listener;
    this.#observed = observed;
    this.#log = log;
  }

  onReceiveMetadata(metadata: grpc.Metadata): void {
    this.#listener.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: Parameters<CallListener["onReceiveMessage"]>[0]): void {
    this.#listener.onReceiveMessage(message);
  }

  onReceiveStatus(end: grpc.StatusObject): void {
    const { code, details } = end;
    this.#observed?.ended(code, details);
    const ms = performance.now() - this.#began;
    this.#log?.ended({ path: this.#path, code, details, ms, peer: () => this.#call.getPeer() });
    this.#listener.onReceiveStatus(end);
  }
}
