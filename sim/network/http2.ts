import { EventEmitter } from "node:events";
import type { End } from "./connection.js";

/** What passes on a connection that carries gRPC. */
export type Frame =
  | { readonly is: "settings" }
  | { readonly is: "headers"; readonly id: number; readonly headers: Record<string, string> }
  | { readonly is: "response"; readonly id: number; readonly headers: Record<string, string> }
  | { readonly is: "data"; readonly id: number; readonly bytes: Buffer }
  | { readonly is: "end"; readonly id: number }
  | { readonly is: "trailers"; readonly id: number; readonly headers: Record<string, string> }
  | { readonly is: "reset"; readonly id: number; readonly code: number }
  | { readonly is: "ping" | "pong" };

/** A client's HTTP/2 session of node:http2, as far as the etcd client uses one. */
export class Http2Session extends EventEmitter {
  closed = false;
  destroyed = false;
  readonly #end: End;
  readonly #streams = new Map<number, Http2Stream>();
  readonly #pings: ((error: Error | null) => void)[] = [];
  #lastId = -1;

  constructor(end: End) {
    super();
    this.#end = end;
    end.ear = { message: (frame) => this.#receive(frame as Frame), closed: () => this.destroy() };
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  request(headers: Record<string, string>): Http2Stream {
    this.#lastId += 2;
    const id = this.#lastId;
    const stream = new Http2Stream(
      id,
      (frame) => this.#end.send(frame),
      () => this.#streams.delete(id),
    );
    this.#streams.set(id, stream);
    this.#end.send({ is: "headers", id, headers });
    return stream;
  }

  ping(answered: (error: Error | null) => void): void {
    this.#pings.push(answered);
    this.#end.send({ is: "ping" });
  }

  destroy(): void {
    if (this.destroyed) return;
    this.closed = this.destroyed = true;
    this.#end.close();
    for (const stream of [...this.#streams.values()]) stream.closeWith(8);
    for (const answered of this.#pings.splice(0)) answered(new Error("the session was closed"));
    this.emit("close");
  }

  #receive(frame: Frame): void {
    if (frame.is === "pong") this.#pings.shift()?.(null);
    else if ("id" in frame) this.#streams.get(frame.id)?.receive(frame);
  }
}

/** A client's stream on it. */
export class Http2Stream extends EventEmitter {
  closed = false;
  writable = true;
  rstCode = 0;
  readonly #id: number;
  readonly #send: (frame: Frame) => void;
  readonly #left: () => void;

  constructor(id: number, send: (frame: Frame) => void, left: () => void) {
    super();
    this.#id = id;
    this.#send = send;
    this.#left = left;
  }

  write(bytes: Buffer): void {
    this.#send({ is: "data", id: this.#id, bytes });
  }

  end(): void {
    if (this.writable) this.#send({ is: "end", id: this.#id });
    this.writable = false;
  }

  close(code: number): void {
    if (this.closed) return;
    this.#send({ is: "reset", id: this.#id, code });
    this.closeWith(code);
  }

  receive(frame: Frame): void {
    if (this.closed) return;
    if (frame.is === "response") this.emit("response", frame.headers);
    else if (frame.is === "data") this.emit("data", frame.bytes);
    else if (frame.is === "trailers") {
      this.emit("trailers", frame.headers);
      this.emit("end");
      this.closeWith(0);
    } else if (frame.is === "reset") this.closeWith(frame.code);
  }

  closeWith(code: number): void {
    if (this.closed) return;
    this.closed = true;
    this.writable = false;
    this.rstCode = code;
    this.#left();
    this.emit("close");
  }
}
