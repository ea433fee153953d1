import type { Metadata } from "@grpc/grpc-js";
import {
  type CallListener,
  type CallStarter,
  type ConnectionCall,
  callStarter,
  type StatusObject,
  type Subchannel,
} from "../shield.js";
import { farEnding } from "./far-ending.js";

/**
 * Stands in for a connection at the moment grpc-js starts a call on it, to see what the policy is not told: the method,
 * and when the first answer comes. That is the latency of unary calls and the only meaningful one of streams.
 */
export class CallDoor implements CallStarter {
  readonly #subchannel: Subchannel;
  readonly #starter: CallStarter;
  #entered: ObservedCall | undefined;

  constructor(subchannel: Subchannel) {
    this.#subchannel = subchannel;
    this.#starter = callStarter(subchannel);
  }

  /** What grpc-js puts into a pick result and asks of it; the rest of a subchannel's interface is for policies. */
  asSubchannel(): Subchannel {
    return this as unknown as Subchannel;
  }

  getRealSubchannel(): this {
    return this;
  }
  getConnectivityState() {
    return this.#subchannel.getConnectivityState();
  }
  getCallCredentials() {
    return this.#subchannel.getCallCredentials();
  }
  getChannelzRef() {
    return this.#subchannel.getChannelzRef();
  }
  getAddress(): string {
    return this.#subchannel.getAddress();
  }

  createCall(metadata: Metadata, host: string, method: string, listener: CallListener, number: number): ConnectionCall {
    const observed = new ObservedCall(method, metadata, listener);
    const call = this.#starter.createCall(metadata, host, method, observed, number);
    this.#entered = observed;
    return call;
  }

  /** The call that has just been started: grpc-js says so to the pick synchronously after createCall. */
  takeEntered(): ObservedCall | undefined {
    const entered = this.#entered;
    this.#entered = undefined;
    return entered;
  }
}

/** Passes a call's events on and notes the first message, and whether it was the far side that ended the call. */
export class ObservedCall implements CallListener {
  readonly method: string;
  readonly #sent: Metadata;
  readonly #listener: CallListener;
  readonly #startedAt = performance.now();
  /**
   * Whether the end came from the far side or the connection: of a call that the caller cancels grpc-js tells its own side
   * before anything is heard here.
   */
  endedByFarSide = false;
  /** Called once, at the first message. */
  onFirstMessage: (() => void) | undefined;

  constructor(method: string, sent: Metadata, listener: CallListener) {
    this.method = method;
    this.#sent = sent;
    this.#listener = listener;
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#listener.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: Buffer): void {
    const first = this.onFirstMessage;
    if (first) {
      this.onFirstMessage = undefined;
      first();
    }
    this.#listener.onReceiveMessage(message);
  }

  onReceiveStatus(status: StatusObject): void {
    this.endedByFarSide = true;
    this.#listener.onReceiveStatus(farEnding(status, this.#sent, performance.now() - this.#startedAt));
  }
}
