import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type Certificate, selfSigned } from "./certificate.js";

export interface ListenerOptions {
  /** Speak plain HTTP/1.1, like `kubectl proxy`. */
  readonly plain?: boolean;
  /** Offer HTTP/1.1 only, like some proxies. */
  readonly http1?: boolean;
  /** How many requests an HTTP/2 connection may have under way. */
  readonly maxStreams?: number;
}

export type Request = Pick<Http2ServerRequest, "url" | "headers" | "httpVersion">;
/** What the answers of HTTP/1.1 and HTTP/2 have in common. */
export interface Response {
  writeHead(status: number, headers: Record<string, string>): unknown;
  flushHeaders?(): void;
  write(text: string): unknown;
  end(text?: string): unknown;
  on(event: "close", listener: () => void): unknown;
}

interface Listening {
  request(request: Request, response: Response): void;
  /** A connection has ended. */
  closed(): void;
}

/** The port of an API server, the same one at every start: its protocol, its certificate and its connections. */
export class Listener {
  readonly certificate: Certificate;
  readonly #options: ListenerOptions;
  readonly #on: Listening;
  #server: Http2SecureServer | HttpServer | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(options: ListenerOptions, on: Listening) {
    this.#options = options;
    this.#on = on;
    this.certificate = options.plain ? { cert: "", key: "" } : selfSigned();
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#options.plain ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  get listening(): boolean {
    return this.#server !== undefined;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    const server = this.#serve();
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#on.closed();
      });
      socket.on("error", () => {});
    });
    server.on("session", (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
    });
    server.on("sessionError", () => {});
    server.on("tlsClientError", () => {});
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, "close");
    server.close();
    this.dropConnections();
    await closed;
  }

  /** Cuts every connection. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Asks HTTP/2 clients to make new requests elsewhere. */
  goAway(): void {
    for (const session of this.#sessions) session.close();
  }

  #serve(): Http2SecureServer | HttpServer {
    const { cert, key } = this.certificate;
    const handle = (request: Request, response: Response) => this.#on.request(request, response);
    if (this.#options.plain) return createHttpServer(handle as RequestListener);
    if (this.#options.http1) return createHttpsServer({ cert, key }, handle as RequestListener);
    const { maxStreams } = this.#options;
    return createSecureServer(
      { cert, key, ...(maxStreams && { settings: { maxConcurrentStreams: maxStreams } }) },
      handle as (request: Http2ServerRequest, response: Http2ServerResponse) => void,
    );
  }
}
