import { FrameReader, frame } from "../../src/etcd-client/rpc/frames.js";
import type { End } from "../network/connection.js";
import type { Frame } from "../network/http2.js";
import type { Scheduler } from "../world/scheduler.js";
import type { Replicated } from "./cluster.js";
import { Duplex } from "./duplex.js";
import { type Failure, type Member, metadataOf, type Served } from "./member.js";

/** A call that has begun. */
interface Call {
  readonly served: Served;
  readonly headers: Record<string, string>;
  readonly frames: FrameReader;
  readonly duplex: Duplex | undefined;
  request: unknown;
}

/** One connection of a client to a member: HTTP/2 frames on one side, the dev registry's services on the other. */
export class Serving {
  readonly #end: End;
  readonly #member: Member;
  readonly #scheduler: Scheduler;
  readonly #replicated: Replicated;
  readonly #calls = new Map<number, Call>();
  #lastAt = 0;

  constructor(end: End, member: Member, scheduler: Scheduler, replicated: Replicated) {
    this.#end = end;
    this.#member = member;
    this.#scheduler = scheduler;
    this.#replicated = replicated;
    end.ear = { message: (message) => this.#receive(message as Frame), closed: () => this.#closed() };
    this.#send({ is: "settings" });
  }

  #receive(message: Frame): void {
    if (message.is === "ping") this.#send({ is: "pong" });
    else if (message.is === "headers") this.#begin(message.id, message.headers);
    else if ("id" in message) this.#goOn(message);
  }

  #goOn(message: Extract<Frame, { readonly id: number }>): void {
    const call = this.#calls.get(message.id);
    if (!call) return;
    if (message.is === "reset") {
      this.#calls.delete(message.id);
      this.#asRaft(() => call.duplex?.cancel());
    } else if (message.is === "data") {
      for (const bytes of call.frames.read(message.bytes)) this.#message(call, call.served.requestDeserialize(bytes));
    } else if (message.is === "end") {
      this.#asRaft(() => call.duplex?.emit("end"));
      if (!call.duplex) this.#answer(message.id, call);
    }
  }

  #begin(id: number, headers: Record<string, string>): void {
    this.#replicated.asked(this.#end.peerName, this.#scheduler.now);
    const path = headers[":path"] ?? "";
    const served = this.#member.method(path);
    if (!served) {
      this.#finish(id, { code: 12, details: `unknown method ${path}` });
      return;
    }
    const metadata = metadataOf(headers);
    const duplex = served.requestStream
      ? new Duplex(
          metadata,
          (response) => this.#send({ is: "data", id, bytes: frame(served.responseSerialize(response)) }),
          (failure) => this.#finish(id, failure),
        )
      : undefined;
    this.#calls.set(id, { served, headers, frames: new FrameReader(), duplex, request: undefined });
    if (!duplex) return;
    this.#send(RESPONSE(id));
    this.#asRaft(() => served.handle(duplex, () => {}));
  }

  #message(call: Call, request: unknown): void {
    const { duplex } = call;
    if (!duplex) call.request = request;
    else this.#agree(() => duplex.receive(request), duplex);
  }

  #answer(id: number, { served, headers, request }: Call): void {
    const answer = (failure: Failure | null, response?: unknown) => {
      this.#send(RESPONSE(id));
      if (!failure) this.#send({ is: "data", id, bytes: frame(served.responseSerialize(response)) });
      this.#finish(id, failure ?? undefined);
    };
    const work = () => this.#asRaft(() => served.handle({ request, metadata: metadataOf(headers) }, answer));
    // A member answers for itself how it does, and whom it takes for the leader.
    if (headers[":path"]?.includes("Maintenance")) work();
    else this.#member.agree(work, () => answer({ code: 14, details: "etcdserver: request timed out" }));
  }

  #agree(work: () => void, duplex: Duplex): void {
    this.#member.agree(
      () => this.#asRaft(work),
      () => duplex.emit("error", { code: 14, details: "etcdserver: request timed out" }),
    );
  }

  #finish(id: number, failure: Failure | undefined): void {
    this.#calls.delete(id);
    const status = failure
      ? { "grpc-status": String(failure.code), "grpc-message": encodeURIComponent(failure.details) }
      : { "grpc-status": "0" };
    this.#send({ is: "trailers", id, headers: status });
  }

  #closed(): void {
    for (const { duplex } of this.#calls.values()) this.#asRaft(() => duplex?.cancel());
    this.#calls.clear();
  }

  /** What all members agree on happens in none of their processes. */
  #asRaft(work: () => void): void {
    this.#scheduler.as(this.#replicated.raft, work);
  }

  /** The member's process writes, when it gets to it. */
  #send(message: Frame): void {
    this.#lastAt = Math.max(this.#lastAt, this.#scheduler.now + this.#member.slowMs);
    this.#scheduler.at(this.#lastAt, 1, this.#end.owner, () => this.#end.send(message));
  }
}

const RESPONSE = (id: number): Frame => ({ is: "response", id, headers: { "content-type": "application/grpc" } });
