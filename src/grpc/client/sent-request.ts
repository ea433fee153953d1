import type * as grpc from "@grpc/grpc-js";
import type { Call } from "./service-call.js";

export type Message = Parameters<Call["sendMessageWithContext"]>;

/** What the caller of a call has sent so far, so that a copy of the call can be sent the same. */
export class SentRequest {
  #credentials: grpc.CallCredentials | undefined;
  #message: Message | undefined;
  #messages = 0;
  #halfClosed = false;
  #reading = false;

  /** Whether a copy can be sent the same: not while the request is under way, and not where it is a stream. */
  get isRepeatable(): boolean {
    return this.#halfClosed && this.#messages <= 1;
  }

  credentials(credentials: grpc.CallCredentials): void {
    this.#credentials = credentials;
  }

  message(message: Message): void {
    this.#messages += 1;
    this.#message = this.#messages === 1 ? message : undefined;
  }

  halfClosed(): void {
    this.#halfClosed = true;
  }

  reading(): void {
    this.#reading = true;
  }

  /** Sends it once more. @param start starts that call. */
  repeatOn(call: Call, start: () => void): void {
    if (this.#credentials) call.setCredentials(this.#credentials);
    start();
    if (this.#message) call.sendMessageWithContext({ ...this.#message[0], callback: () => {} }, this.#message[1]);
    call.halfClose();
    if (this.#reading) call.startRead();
  }
}
