import type * as grpc from "@grpc/grpc-js";
import type { Call, Message } from "./service-call.js";

/** What the caller of a call has sent so far, so that a copy of the call can be sent the same. */
export class SentRequest {
  #credentials: grpc.CallCredentials | undefined;
  #context: Message[0] | undefined;
  /** Where there was one alone. */
  #message: Message[1] | undefined;
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

  message(context: Message[0], message: Message[1]): void {
    this.#messages += 1;
    this.#context = context;
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
    if (this.#message) call.sendMessageWithContext({ ...this.#context, callback: () => {} }, this.#message);
    call.halfClose();
    if (this.#reading) call.startRead();
  }
}
