import { credentials, Metadata, connectivityState as State, type status } from "@grpc/grpc-js";
import type { CallListener, CallStarter, ConnectionCall } from "../../shield/connection-calls.js";
import type { Subchannel } from "../../shield/experimental.js";

/** Of a call that has ended before it began. */
const NO_CALL = {
  startRead() {},
  sendMessageWithContext() {},
  halfClose() {},
  cancelWithStatus() {},
  getPeer: () => "nobody",
  getAuthContext: () => null,
} satisfies ConnectionCall & Record<string, unknown>;

/**
 * Stands in for a connection, and ends each call with a status. A pick cannot do that itself: of the codes that a policy gives a
 * call grpc-js turns INVALID_ARGUMENT and others into INTERNAL (gRFC A54).
 */
export class RefusingSubchannel implements CallStarter {
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
  getAddress(): string {
    return "nobody";
  }

  createCall(_metadata: Metadata, _host: string, _method: string, listener: CallListener): ConnectionCall {
    const end = { code: this.#code, details: this.#details, metadata: new Metadata() };
    process.nextTick(() => listener.onReceiveStatus(end));
    return NO_CALL;
  }
}
