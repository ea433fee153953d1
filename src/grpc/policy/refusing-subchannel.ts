import { credentials, Metadata, connectivityState as State, type status } from "@grpc/grpc-js";
import type { CallListener, ConnectionCall, Subchannel } from "../shield.js";

/**
 * Stands in for a connection, and ends each call with a status of its own. A pick cannot do that itself: of the codes a policy
 * may give a call gRPC turns INVALID_ARGUMENT and others into INTERNAL.
 */
export class RefusingSubchannel {
  readonly #code: status;
  readonly #details: string;

  constructor(code: status, details: string) {
    this.#code = code;
    this.#details = details;
  }

  /** What grpc-js puts into a pick result and asks of it. */
  asSubchannel(): Subchannel {
    return this as unknown as Subchannel;
  }

  getRealSubchannel(): this {
    return this;
  }
  getConnectivityState() {
    return State.READY;
  }
  getCallCredentials() {
    return credentials.createEmpty();
  }
  getChannelzRef() {
    return { kind: "subchannel", id: 0, name: "" };
  }
  getAddress(): string {
    return "nobody";
  }

  createCall(_metadata: Metadata, _host: string, _method: string, listener: CallListener): ConnectionCall {
    const end = { code: this.#code, details: this.#details, metadata: new Metadata() };
    process.nextTick(() => listener.onReceiveStatus(end));
    return { ...NOTHING_IS_SENT, getPeer: () => "nobody", getCallNumber: () => 0, getAuthContext: () => null };
  }
}

const NOTHING_IS_SENT = {
  startRead() {},
  sendMessageWithContext() {},
  halfClose() {},
  cancelWithStatus() {},
};

/** grpc-js asks a call more than Rollcall does. */
declare module "../shield.js" {
  interface ConnectionCall {
    getPeer?(): string;
    getCallNumber?(): number;
    getAuthContext?(): unknown;
  }
}
