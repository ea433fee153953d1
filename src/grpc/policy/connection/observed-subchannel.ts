import { type Metadata, status } from "@grpc/grpc-js";
import type { Activity } from "../../../membership/connection/activity.js";
import type { ClientAttempt } from "../../../observe/calls/client-call.js";
import { carriedCall, headersOf } from "../../carried-call.js";
import { type Pushback, pushbackOf } from "../../pushback.js";
import {
  type CallListener,
  type CallStarter,
  type ConnectionCall,
  callStarter,
} from "../../shield/connection-calls.js";
import type { StatusObject, Subchannel } from "../../shield/experimental.js";
import { asRefused } from "../../subchannel-internals.js";
import { farEnding, isAtDeadline } from "./far-ending.js";

/**
 * Stands in for a connection at the moment grpc-js starts a call on it, to see what the policy is not told: the method,
 * and when the first answer comes. That is the latency of unary calls and the only meaningful one of streams.
 */
export class ObservedSubchannel implements CallStarter {
  readonly #subchannel: Subchannel;
  readonly #starter: CallStarter;
  readonly #activity: Activity;
  /** Calls that run, by who listens to them. */
  readonly #calls = new Map<ObservedCall, ConnectionCall>();
  #started: ObservedCall | undefined;

  constructor(subchannel: Subchannel, activity: Activity) {
    this.#subchannel = subchannel;
    this.#starter = callStarter(subchannel);
    this.#activity = activity;
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
    const attempt = carriedCall(metadata)?.attempt(this.#subchannel.getAddress(), headersOf(metadata));
    const observed = new ObservedCall(method, metadata, listener, this.#activity, this.#calls, attempt);
    const call = this.#starter.createCall(metadata, host, method, observed, number);
    if (attempt) tellSent(call, observed);
    observed.begin(call);
    this.#started = observed;
    return call;
  }

  /** The call that has just been started: grpc-js says so to the pick synchronously after createCall. */
  takeStartedCall(): ObservedCall | undefined {
    const started = this.#started;
    this.#started = undefined;
    return started;
  }

  /** Ends the calls that run with UNAVAILABLE: nobody is there to answer them. */
  endCalls(reason: string): void {
    for (const call of [...this.#calls.values()]) call.cancelWithStatus(status.UNAVAILABLE, reason);
  }
}

/** Told of a call, once each. */
export interface CallWatcher {
  /** Its first message has come. @param now milliseconds, of `performance.now()`. */
  onFirstMessage(now: number): void;
  /** A full server has ended it. @returns whether the call is to be made once more, elsewhere. */
  onRefused(pushback: Pushback): boolean;
}

/** Ends that this side makes by itself; any other is the server's answer. */
const OWN_ENDS: readonly status[] = [status.DEADLINE_EXCEEDED, status.CANCELLED, status.UNAVAILABLE];

/** Passes a call's events on and notes what comes, and whether it was the far side that ended the call. */
export class ObservedCall implements CallListener {
  readonly method: string;
  /** The call above, until its end. */
  #listener: CallListener | undefined;
  #sent: Metadata | undefined;
  #attempt: ClientAttempt | undefined;
  readonly #activity: Activity;
  readonly #calls: Map<ObservedCall, ConnectionCall>;
  #startedAt = 0;
  /**
   * Whether the end came from the far side or the connection: of a call that the caller cancels grpc-js tells its own side
   * before anything is heard here.
   */
  endedByFarSide = false;
  /** Whether the far side ended it before its own deadline. */
  #endedEarly = false;
  /** The server's word at the end that it is full. */
  pushback: Pushback | undefined;
  /** Whether anything but the end has come, and whether a message has. */
  #answered = false;
  #messaged = false;
  watcher: CallWatcher | undefined;

  constructor(
    method: string,
    sent: Metadata,
    listener: CallListener,
    activity: Activity,
    calls: Map<ObservedCall, ConnectionCall>,
    attempt?: ClientAttempt,
  ) {
    this.method = method;
    this.#sent = sent;
    this.#listener = listener;
    this.#activity = activity;
    this.#calls = calls;
    this.#attempt = attempt;
  }

  begin(call: ConnectionCall): void {
    this.#startedAt = this.#activity.started();
    this.#calls.set(this, call);
  }

  /** Where it ended with DEADLINE_EXCEEDED: whether it was answered, and the deadline that has passed is its own. */
  get lasted(): boolean {
    return this.#messaged && !this.#endedEarly;
  }

  onSend(message: Buffer): void {
    if (this.#attempt) this.#attempt.sent += payload(message);
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#activity.heard();
    this.#answered = true;
    this.#listener?.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: Buffer): void {
    const now = this.#activity.heard();
    if (this.#attempt) this.#attempt.received += payload(message);
    if (!this.#messaged) this.watcher?.onFirstMessage(now);
    this.#messaged = true;
    this.#listener?.onReceiveMessage(message);
  }

  onReceiveStatus(end: StatusObject): void {
    const listener = this.#listener;
    if (!listener) return;
    this.endedByFarSide = true;
    const elapsedMs = performance.now() - this.#startedAt;
    const told = farEnding(end, this.#sent!, elapsedMs);
    this.#endedEarly = !isAtDeadline(this.#sent!, elapsedMs);
    if (this.#calls.delete(this)) {
      if (!OWN_ENDS.includes(end.code)) this.#activity.heard();
      this.#activity.ended(this.#startedAt, told.code === status.DEADLINE_EXCEEDED);
    }
    this.#attempt?.ended(told.code, told.details);
    const pushback = pushbackOf(told);
    // A call that has been answered anything, if only headers, is not made once more.
    this.pushback = pushback && { ...pushback, elsewhere: pushback.elsewhere && !this.#answered };
    // Before grpc-js is told, which makes the call once more at once.
    const elsewhere = this.pushback !== undefined && this.watcher?.onRefused(this.pushback);
    this.#letGo();
    listener.onReceiveStatus(elsewhere ? asRefused(told) : told);
  }

  /**
   * Node's HTTP/2 stream stays in memory after its end until the next full garbage collection, with all that it refers to. Without this it kept
   * every layer of the call, which cost a tenth of the calls a second.
   */
  #letGo(): void {
    this.#sent = undefined;
    this.#listener = undefined;
    this.#attempt = undefined;
    this.watcher = undefined;
  }
}

/** A message is framed: a flag and four bytes of length come before it. */
function payload(message: Buffer): number {
  return Math.max(0, message.length - 5);
}

function tellSent(call: ConnectionCall, observed: ObservedCall): void {
  const send = call.sendMessageWithContext;
  call.sendMessageWithContext = (context, message) => {
    observed.onSend(message);
    send.call(call, context, message);
  };
}
