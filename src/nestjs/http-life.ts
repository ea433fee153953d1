import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Http2SecureServer, ServerHttp2Session } from "node:http2";
import type { Server as NetServer } from "node:net";
import { destroySoon } from "../async/end-http2.js";
import type { checkServerConfig } from "../config/check.js";
import { instanceLife } from "../lifecycle/register-instance.js";
import type { ServerLife } from "../lifecycle/server-life.js";
import type { Target } from "../registry.js";
import { type HttpEvent, type HttpState, next } from "./http-state.js";

/** The HTTP server of a Nest application, Express' or Fastify's: listed while, and only while, it serves. */
export class HttpLife {
  readonly #target: Target | undefined;
  readonly #config: ReturnType<typeof checkServerConfig>;
  readonly #signals: boolean;
  /** Of HTTP/2, which Nest serves through Fastify. */
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Of requests under way, over HTTP/1.1. */
  readonly #responses = new Set<ServerResponse>();
  #state: HttpState = { is: "waiting" };
  #serving = false;

  constructor(target: Target | undefined, config: ReturnType<typeof checkServerConfig>, signals = true) {
    this.#target = target;
    this.#config = config;
    this.#signals = signals;
  }

  get serving(): boolean {
    return this.#serving;
  }

  get address(): string | undefined {
    return this.#state.is === "listening" ? this.#state.life.address : undefined;
  }

  /**
   * Takes up what listens now. Paused before, it is not listed until it is resumed.
   * @throws Error when it was closed before, when nobody else can reach it, or the registry refuses for good.
   */
  async enter(server: Server | Http2SecureServer): Promise<void> {
    const { is: before } = this.#state;
    if (before === "closed") {
      // Nest's own close may have come before there was anything to close.
      server.close();
      throw new Error("the application was stopped before it listened");
    }
    const life = this.#lifeOf(server);
    this.#hear({ is: "listen", life });
    await Promise.all([life.start(), before === "paused" && life.pause()]);
  }

  async pause(): Promise<void> {
    await this.#hear({ is: "pause" })?.pause();
  }

  async resume(): Promise<void> {
    await this.#hear({ is: "resume" })?.resume();
  }

  async close(): Promise<void> {
    await this.#hear({ is: "close" })?.stop();
  }

  /** The life that is to obey, once there is one. */
  #hear(event: HttpEvent): ServerLife | undefined {
    this.#state = next(this.#state, event);
    return this.#state.is === "listening" ? this.#state.life : undefined;
  }

  #lifeOf(server: Server | Http2SecureServer): ServerLife {
    const { Shutdown } = this.#config;
    const place = this.#placeOf(server);
    server.on("session", (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
    server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
      if (request.httpVersionMajor < 2) this.#answer(response);
    });
    return instanceLife(this.#target, place, {
      drainMs: Shutdown.WrapUpTime,
      waitMs: Shutdown.WaitTime,
      signals: this.#signals,
      health: (serving) => {
        this.#serving = serving;
        if (!serving) for (const response of this.#responses) endKeepAlive(response);
      },
      close: () => {
        // GOAWAY: requests under way end, and no new ones begin; the server's close() alone would wait for clients to leave.
        for (const session of this.#sessions) session.close();
        server.close();
        return server;
      },
      kill: () => {
        for (const session of this.#sessions) destroySoon(session);
        if ("closeAllConnections" in server) server.closeAllConnections();
      },
    });
  }

  #placeOf(server: NetServer): Parameters<typeof instanceLife>[1] {
    const listens = server.address();
    const { Advertise: advertise, Weight: weight, Zone: zone, Metadata: metadata } = this.#config;
    if (listens !== null && typeof listens === "object") {
      const { port, address: host } = listens;
      return { port, host, advertise, ...(weight && { weight }), ...(zone && { zone }), ...(metadata && { metadata }) };
    }
    const path = listens ?? "nothing";
    if (!this.#target) return { instance: { address: path } };
    throw new Error(`the HTTP server listens on ${path}; only a host and a port can be registered`);
  }

  #answer(response: ServerResponse): void {
    this.#responses.add(response);
    response.once("close", () => this.#responses.delete(response));
    if (!this.#serving) endKeepAlive(response);
  }
}

/** A connection that is kept alive would go on bringing requests to a server that is out, and hold its close(); it ends with this one. */
function endKeepAlive(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
