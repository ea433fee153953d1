import { once } from "node:events";
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { frame } from "../etcd-client/rpc/frames.js";

/** A server of gRPC by node:http2 itself, whose every answer a test writes by hand. */
export class RpcServer implements AsyncDisposable {
  readonly port: number;
  /** The connections made so far. */
  readonly sessions: ServerHttp2Session[] = [];
  /** What is done with a call. */
  serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void = () => {};
  readonly #server: Http2Server;

  static async start(): Promise<RpcServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RpcServer(server);
  }

  private constructor(server: Http2Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
    server.on("session", (session) => {
      this.sessions.push(session);
      session.on("error", () => {});
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      this.serve(stream, headers);
    });
  }

  /** Resolves with the next call, which is then the test's to answer. */
  nextCall(): Promise<ServerHttp2Stream> {
    return new Promise((resolve) => {
      this.serve = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Begins an answer; the status follows when the stream is ended. */
export function begin(stream: ServerHttp2Stream, trailers: Record<string, string> = { "grpc-status": "0" }): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
}

/** Answers with messages and a status in trailers. */
export function answer(
  stream: ServerHttp2Stream,
  messages: readonly (string | Uint8Array)[],
  trailers?: Record<string, string>,
): void {
  begin(stream, trailers);
  for (const message of messages) stream.write(frame(Buffer.from(message as Uint8Array)));
  stream.end();
}
