import * as grpc from "@grpc/grpc-js";
import { timerMs } from "../../async/backoff.js";
import type { Hedging } from "../../balancer/hedging/hedging.js";
import { outcomeOf } from "../../balancer/outcome.js";
import { CallHistory, NO_ATTEMPT_LEFT, sendAs } from "../call-facts.js";
import { forbidsAnother } from "../pushback.js";
import { SentRequest } from "./sent-request.js";
import type { Call, CallListener, Message } from "./service-call.js";

/** A copy that ends so was not carried out, or not to its end: another one may still answer. */
const LEFT_TO_ANOTHER: readonly grpc.status[] = [grpc.status.UNAVAILABLE, grpc.status.RESOURCE_EXHAUSTED];
/**
 * Nor was one that ends so: its instance was ended, or is of an older version. But the caller's own word may look the same, and a
 * method that is nowhere: no other copy is sent for it.
 */
const LEFT_TO_ONE_THAT_RUNS: readonly grpc.status[] = [grpc.status.CANCELLED, grpc.status.UNIMPLEMENTED];

/** What a call is hedged with. */
export interface HedgedBy {
  readonly hedging: Hedging<string>;
  /** Attempts in all, retries and the second copy together. */
  readonly mostAttempts: number;
}

/** What becomes of the copies of a call. */
interface CopyEvents {
  received(copy: Copy, metadata: grpc.Metadata): void;
  answered(copy: Copy, message: unknown): void;
  ended(copy: Copy, end: grpc.StatusObject): void;
}

/** One of the two, which listens to itself: an object less for each call. */
class Copy implements CallListener {
  readonly call: Call;
  readonly number: 1 | 2;
  readonly #events: CopyEvents;
  startedAt = 0;
  /** Held back until it is known which copy answers. */
  metadata: grpc.Metadata | undefined;
  over = false;

  constructor(call: Call, number: 1 | 2, events: CopyEvents) {
    this.call = call;
    this.number = number;
    this.#events = events;
  }

  onReceiveMetadata(metadata: grpc.Metadata): void {
    this.#events.received(this, metadata);
  }
  onReceiveMessage(message: unknown): void {
    this.#events.answered(this, message);
  }
  onReceiveStatus(end: grpc.StatusObject): void {
    this.over = true;
    this.#events.ended(this, end);
  }
}

/** How many there are, or which one is the call. */
type Copies =
  | { readonly are: "one" }
  /** A race where the second was sent because the first was late, and not because it had failed. */
  | { readonly are: "two"; readonly second: Copy; readonly isRace: boolean }
  | { readonly are: "decided"; readonly winner: Copy };

const ONE: Copies = { are: "one" };

/** A call that is sent a second time when its answer is late. The first copy that answers is the call, the other is ended. */
export class HedgedCall implements Call, CopyEvents {
  readonly #path: string;
  readonly #another: () => Call | undefined;
  readonly #hedging: Hedging<string>;
  readonly #mostAttempts: number;
  readonly #history = new CallHistory();
  readonly #request = new SentRequest();
  readonly #first: Copy;
  #copies: Copies = ONE;
  /** As the call began; undefined before. */
  #metadata: grpc.Metadata | undefined;
  #listener: CallListener | undefined;
  /** How a copy ended that left it to the other. */
  #leftWith: grpc.StatusObject | undefined;
  /** Its caller has ended it, with whatever status. */
  #givenUp = false;
  #timer: NodeJS.Timeout | undefined;
  /** The last wait before a copy was asked for, in milliseconds. */
  #waitMs = 0;

  /**
   * @param call not started.
   * @param another makes a copy of it, which is not started either; undefined once the channel is closed.
   */
  constructor(path: string, { hedging, mostAttempts }: HedgedBy, call: Call, another: () => Call | undefined) {
    this.#path = path;
    this.#another = another;
    this.#hedging = hedging;
    this.#mostAttempts = mostAttempts;
    this.#first = new Copy(call, 1, this);
  }

  start(metadata: grpc.Metadata, listener: CallListener): void {
    this.#metadata = metadata.clone(); // a second copy is sent later, when its caller may have changed it
    this.#listener = listener;
    const delayMs = this.#hedging.started(this.#path);
    this.#begin(this.#first);
    if (delayMs !== undefined && !this.#first.over) this.#wait(Math.max(1, delayMs), true);
  }

  #wait(ms: number, first: boolean): void {
    this.#waitMs = ms;
    this.#waitUntil(performance.now() + ms, first);
  }

  /** Timers count whole milliseconds and may come one too early: a quick call would seem late that is not. */
  #waitUntil(dueAt: number, first: boolean): void {
    const left = dueAt - performance.now();
    // A timer that comes late comes before answers that lie there already: these are read first.
    if (left <= 0) setImmediate(() => this.#isLate(first));
    // The call itself holds the process.
    else this.#timer = setTimeout(() => this.#waitUntil(dueAt, first), timerMs(Math.ceil(left))).unref();
  }

  #isLate(first: boolean): void {
    if (!this.#givenUp && !this.#hedge(first)) this.#waitOnceMore();
  }

  /** While there is no copy to be had, the call may grow so late that it deserves the next. */
  #waitOnceMore(): void {
    this.#wait(2 * this.#waitMs, false);
  }

  /** Sends the second copy, if it may be. @param outlived whether the call has just outlived its delay. */
  #hedge(outlived: boolean): boolean {
    // A copy that is out of question needs not be asked for again.
    if (!this.#request.isRepeatable || this.#copies.are !== "one") return true;
    const { started, starting } = this.#history;
    // What waits for a connection, or for its credentials, is not helped by another one that waits.
    if (started === 0) return false;
    if (started + starting >= this.#mostAttempts) return true;
    if (!this.#hedging.take(this.#path, outlived)) return false;
    const call = this.#another();
    if (!call) return true;
    this.#history.mostAttempts = this.#mostAttempts;
    const second = new Copy(call, 2, this);
    this.#copies = { are: "two", second, isRace: !this.#first.over };
    this.#request.repeatOn(second.call, () => this.#begin(second));
    return true;
  }

  /** There was no other instance for the second copy just then. */
  #takeBack(): void {
    this.#copies = ONE;
    this.#hedging.notSent();
  }

  #begin(copy: Copy): void {
    copy.startedAt = performance.now();
    const metadata = copy.number === 1 ? this.#metadata! : this.#metadata!.clone();
    // As gRFC A6 has it of retries and hedges.
    if (copy.number === 2) metadata.set("grpc-previous-rpc-attempts", String(Math.max(1, this.#history.started)));
    sendAs(metadata, { history: this.#history, retried: copy.number === 1 });
    copy.call.start(metadata, copy);
  }

  received(copy: Copy, metadata: grpc.Metadata): void {
    if (this.#winner === copy) this.#listener!.onReceiveMetadata(metadata);
    else copy.metadata = metadata;
  }

  answered(copy: Copy, message: unknown): void {
    if (this.#wins(copy, true)) this.#listener!.onReceiveMessage(message);
  }

  ended(copy: Copy, end: grpc.StatusObject): void {
    // That no attempt is left is no reason; how the other copy ended is.
    const notSent = end.details === NO_ATTEMPT_LEFT;
    const leftToAnother = LEFT_TO_ANOTHER.includes(end.code);
    if (!this.#winner && !this.#givenUp && (leftToAnother || LEFT_TO_ONE_THAT_RUNS.includes(end.code))) {
      if (leftToAnother && !forbidsAnother(end)) this.#hedge(false);
      const other = this.#otherThan(copy);
      if (!notSent) this.#leftWith = end;
      else if (copy.number === 2) this.#takeBack();
      if (other && !other.over) {
        // One may be there soon for the second copy.
        if (this.#copies.are === "one") this.#waitOnceMore();
        return;
      }
    }
    const { code } = end;
    const answered = code !== grpc.status.CANCELLED && outcomeOf(code) !== "failure";
    const why = notSent ? this.#leftWith : undefined;
    if (this.#wins(copy, answered)) this.#listener!.onReceiveStatus(why ?? end);
  }

  /** Whether this copy is the call; the first to ask is. */
  #wins(copy: Copy, answered: boolean): boolean {
    const copies = this.#copies;
    if (copies.are === "decided") return copies.winner === copy;
    const other = this.#otherThan(copy);
    this.#copies = { are: "decided", winner: copy };
    clearTimeout(this.#timer);
    if (other && !other.over)
      other.call.cancelWithStatus(grpc.status.CANCELLED, "another copy of the call answered first");
    const now = performance.now();
    const ms = now - this.#first.startedAt;
    const winner = answered ? copy.number : 0;
    if (copies.are === "one") this.#hedging.ended(this.#path, ms, 1, winner);
    else this.#hedging.ended(this.#path, ms, copies.isRace ? 2 : 1, winner, now - copies.second.startedAt);
    if (copy.metadata) this.#listener!.onReceiveMetadata(copy.metadata);
    return true;
  }

  get #winner(): Copy | undefined {
    return this.#copies.are === "decided" ? this.#copies.winner : undefined;
  }

  #otherThan(copy: Copy): Copy | undefined {
    if (copy.number === 2) return this.#first;
    return this.#copies.are === "two" ? this.#copies.second : undefined;
  }

  /** The copies that matter still. */
  #live(): Call[] {
    const copies = this.#copies;
    if (copies.are === "decided") return [copies.winner.call];
    return copies.are === "two" ? [this.#first.call, copies.second.call] : [this.#first.call];
  }

  cancelWithStatus(status: grpc.status, details: string): void {
    this.#givenUp = true;
    clearTimeout(this.#timer);
    for (const call of this.#live()) call.cancelWithStatus(status, details);
  }
  sendMessageWithContext(context: Message[0], message: Message[1]): void {
    this.#request.message(context, message);
    for (const call of this.#live()) call.sendMessageWithContext(context, message);
  }
  startRead(): void {
    this.#request.reading();
    for (const call of this.#live()) call.startRead();
  }
  halfClose(): void {
    this.#request.halfClosed();
    for (const call of this.#live()) call.halfClose();
  }
  setCredentials(credentials: grpc.CallCredentials): void {
    this.#request.credentials(credentials);
    for (const call of this.#live()) call.setCredentials(credentials);
  }
  getPeer(): string {
    return (this.#winner ?? this.#first).call.getPeer();
  }
  getCallNumber(): number {
    return this.#first.call.getCallNumber();
  }
  getAuthContext(): ReturnType<Call["getAuthContext"]> {
    return (this.#winner ?? this.#first).call.getAuthContext();
  }
}
