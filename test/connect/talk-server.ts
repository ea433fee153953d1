import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server, createSecureServer, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Talk, type Words } from "./talk-service.js";

export interface TalkServer {
  readonly name: string;
  readonly address: string;
  /** Calls that have begun. */
  calls: number;
  /** The names that calls were made to, and the timeouts they brought. */
  readonly seen: { authority: string; timeout: string }[];
  /** Streams whose client went away. */
  broken: number;
  /** Every call takes so long, in milliseconds. */
  delayMs: number;
  /** Ends the connections, requests under way first (GOAWAY). */
  goAway(): void;
  /** Ends everything now. */
  kill(): Promise<void>;
}

export interface TalkServerOptions {
  readonly http?: "1.1" | "2";
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly port?: number;
  /** How many calls it takes at a time on a connection, over HTTP/2. */
  readonly streams?: number | undefined;
}

/** A server by connect-node: it speaks Connect, gRPC and gRPC-Web. "fail" fails, "hang" hangs. */
export async function startTalk(
  name: string,
  { http = "2", tls, port = 0, streams }: TalkServerOptions = {},
): Promise<TalkServer> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const answer = async ({ text, waitMs }: Words, { signal }: HandlerContext) => {
    if (text === "fail") throw new ConnectError("as asked", Code.Internal);
    if (text === "not found") throw new ConnectError("as asked", Code.NotFound);
    await sleep(text === "hang" ? 60_000 : waitMs || talk.delayMs, undefined, { signal });
    return { text, by: name };
  };
  const note = (context: HandlerContext) => {
    talk.calls += 1;
    const { requestHeader } = context;
    context.signal.addEventListener("abort", () => {
      if (context.signal.reason instanceof ConnectError) talk.broken += 1;
    });
    talk.seen.push({
      authority: new URL(context.url).host,
      timeout: requestHeader.get("grpc-timeout") ?? requestHeader.get("connect-timeout-ms") ?? "",
    });
  };
  const adapter = connectNodeAdapter({
    routes: (router) =>
      router.service(Talk, {
        async say(words, context) {
          note(context);
          return answer(words, context);
        },
        async *tell(words, context) {
          note(context);
          for (let at = 0; at < 3; at++) yield answer({ ...words, text: `${words.text}${at}` }, context);
          if (words.text === "endless") for (;;) yield answer(words, context);
        },
        async gather(words, context) {
          note(context);
          let text = "";
          for await (const one of words) text += one.text;
          return { text, by: name };
        },
        async *chat(words, context) {
          note(context);
          for await (const one of words) yield answer(one, context);
        },
      }),
  });
  const settings = streams === undefined ? {} : { maxConcurrentStreams: streams };
  const make = {
    "1.1": () => (tls ? createHttpsServer(tls, adapter) : createHttpServer(adapter)),
    "2": () => (tls ? createSecureServer({ ...tls, settings }, adapter) : createHttp2Server({ settings }, adapter)),
  };
  const server: Server = make[http]();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const talk: TalkServer = {
    name,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: 0,
    seen: [],
    broken: 0,
    delayMs: 0,
    goAway: () => {
      for (const session of sessions) session.close();
    },
    kill: async () => {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return talk;
}
