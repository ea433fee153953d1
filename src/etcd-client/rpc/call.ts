import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { resetSoon } from "../../async/end-http2.js";
import { FrameReader, frame } from "./frames.js";
import { decodeMessage, RpcError, Status, statusOf, statusOfHttp, statusOfReset } from "./status.js";

/** How a method is called; the generated services of src/proto fit as they are. */
export interface Method<Req, Res> {
  /** `/package.Service/Method` */
  readonly path: string;
  requestSerialize(request: Req): Uint8Array;
  responseDeserialize(bytes: Buffer): Res;
}

export interface CallHandlers<Res> {
  message(response: Res): void;
  /** Called once, last. Undefined for status OK. */
  end(failure: RpcError | undefined): void;
}

/** What a call needs to know of its connection. */
export interface CallContext {
  /** Something of this call has arrived. */
  heard(): void;
  /** Why the connection was lost, if it was. */
  lost(): RpcError | undefined;
}

/** One gRPC call over one HTTP/2 stream: any number of messages each way, then a status. */
export class RpcCall<Req, Res> {
  readonly #stream: ClientHttp2Stream;
  readonly #method: Method<Req, Res>;
  readonly #handlers: CallHandlers<Res>;
  readonly #context: CallContext;
  readonly #frames: FrameReader;
  #status: RpcError | "OK" | undefined;
  #ended = false;
  #heardBytes = 0;

  constructor(
    stream: ClientHttp2Stream,
    method: Method<Req, Res>,
    handlers: CallHandlers<Res>,
    context: CallContext,
    maxAnswerBytes?: number,
  ) {
    this.#stream = stream;
    this.#method = method;
    this.#handlers = handlers;
    this.#context = context;
    this.#frames = new FrameReader(maxAnswerBytes);
    stream.on("response", (headers) => this.#begun(headers));
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.on("trailers", (trailers) => {
      this.#heard(1);
      this.#status ??= readStatus(trailers);
    });
    stream.on("error", () => {}); // 'close' follows, and says all
    // The reason why a connection ended is known a moment after its streams are closed.
    stream.on("close", () => setImmediate(() => this.#end(this.#outcome())));
    stream.on("end", () => {
      if (this.#status !== undefined) this.#end(this.#outcome());
    });
  }

  /** Grows with everything that arrives for this call. */
  get heardBytes(): number {
    return this.#heardBytes;
  }

  /** A request that cannot be encoded ends the call. */
  write(request: Req): void {
    if (!this.#stream.writable) return; // its end is told by handlers.end
    try {
      this.#stream.write(frame(this.#method.requestSerialize(request)));
    } catch (error) {
      this.#end(new RpcError(Status.INTERNAL, `the request cannot be encoded: ${String(error)}`));
    }
  }

  /** No more messages will be written. */
  endWrites(): void {
    this.#stream.end();
  }

  /** Ends the call with this failure. */
  cancel(failure = new RpcError(Status.CANCELLED, "the call was cancelled")): void {
    this.#end(failure);
  }

  #heard(bytes: number): void {
    this.#heardBytes += bytes;
    this.#context.heard();
  }

  #begun(headers: IncomingHttpHeaders & { ":status"?: number | undefined }): void {
    this.#heard(1);
    const httpStatus = headers[":status"] ?? 200;
    const type = headers["content-type"] ?? "";
    if (headers["grpc-status"] !== undefined) this.#status = readStatus(headers);
    else if (httpStatus !== 200) this.#status = new RpcError(statusOfHttp(httpStatus), `HTTP status ${httpStatus}`);
    else if (!type.startsWith("application/grpc")) {
      this.#status = new RpcError(Status.UNKNOWN, `it answered with ${JSON.stringify(type.slice(0, 80))}, not gRPC`);
    }
  }

  #receive(chunk: Buffer): void {
    this.#heard(chunk.length);
    if (this.#ended || this.#status !== undefined) return; // the body of an answer that is not gRPC's
    try {
      for (const message of this.#frames.read(chunk)) {
        if (!this.#ended) this.#handlers.message(this.#method.responseDeserialize(message));
      }
    } catch (error) {
      const failure = error instanceof RpcError ? error : undefined;
      this.#end(failure ?? new RpcError(Status.INTERNAL, `the answer cannot be read: ${String(error)}`));
    }
  }

  #outcome(): RpcError | undefined {
    if (this.#status !== undefined) return this.#status === "OK" ? undefined : this.#status;
    const lost = this.#context.lost();
    if (lost) return lost;
    const { rstCode = 0 } = this.#stream;
    return new RpcError(statusOfReset(rstCode), `the stream was reset (${nameOfReset(rstCode)})`);
  }

  #end(failure: RpcError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    resetSoon(this.#stream, constants.NGHTTP2_CANCEL);
    this.#handlers.end(failure);
  }
}

function readStatus(headers: IncomingHttpHeaders): RpcError | "OK" {
  const code = headers["grpc-status"];
  if (code === "0") return "OK";
  const message = headers["grpc-message"];
  const details = typeof message === "string" ? decodeMessage(message) : `it ended without a reason`;
  return new RpcError(statusOf(String(code)), details);
}

function nameOfReset(code: number): string {
  const found = Object.entries(constants).find(
    ([name, value]) => value === code && /^NGHTTP2_(?!ERR_|FLAG_|NV_|HCAT_|STREAM_|SETTINGS_|DEFAULT_)/.test(name),
  );
  return found ? found[0].replace("NGHTTP2_", "") : String(code);
}
