import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { pauseInstance, resumeInstance } from "../backends/etcd/index.js";
import { redactText } from "../target/redact.js";
import { isOwnHost, isSameToken, newToken, SECURITY_HEADERS, splitPath, TOKEN_HEADER } from "./access.js";
import { type Asset, loadAssets } from "./assets.js";
import { type FeedSettings, FleetFeed } from "./fleet-feed.js";

/** How long pausing or resuming may take, in milliseconds. */
const ACT_MS = 10_000;
/** A longer request is none of the page's. */
const MOST_BYTES = 4_096;
/** A page hears something at least this often, in milliseconds, so that it knows a dead connection. */
const BEAT_MS = 10_000;
/** A page that does not read is let go: it asks for the whole again when it is back. */
const MOST_UNREAD = 16 << 20;

export interface ConsoleSettings extends FeedSettings {
  /** On 127.0.0.1; 0 is any free one. */
  readonly port: number;
}

export interface Console {
  /** With the token, which is the only key to it. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the console to this machine alone. Whoever has the URL can look, and pause and resume what is registered.
 * @throws Error when the port cannot be bound.
 */
export async function serveConsole(settings: ConsoleSettings): Promise<Console> {
  const assets = await loadAssets();
  const token = newToken();
  const feed = new FleetFeed(settings);
  let port = 0;
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    answer(request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: redactText(error.message) });
    });
  });
  server.requestTimeout = 10_000;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { token: given, path } = splitPath(request.url ?? "");
    if (!isOwnHost(request, port) || !isSameToken(given, token)) {
      return send(response, 403, "text/plain", "Open the URL that `rollcall console` printed.\n");
    }
    if (request.method === "POST") {
      if (!isSameToken(String(request.headers[TOKEN_HEADER] ?? ""), token))
        return sendJson(response, 403, { error: `no ${TOKEN_HEADER}` });
      if (path === "/pause") return act(pauseInstance, request, response);
      if (path === "/resume") return act(resumeInstance, request, response);
    } else if (request.method === "GET") {
      // A URL that lost its last slash: the page's parts are named relative to it.
      if (path === "") return moved(response, `/${token}/`);
      if (path === "/events") return follow(feed, response);
      const asset = assets.get(path === "/" ? "index.html" : path.slice(1));
      if (asset) return sendAsset(response, asset);
    }
    send(response, 404, "text/plain", "There is nothing here.\n");
  }

  async function act(change: typeof pauseInstance, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { service, address } = await bodyOf(request);
    if (typeof service !== "string" || typeof address !== "string") {
      return sendJson(response, 400, { error: "expected JSON with service and address" });
    }
    try {
      sendJson(response, 200, await change(settings.etcd, service, address, AbortSignal.timeout(ACT_MS)));
    } catch (error) {
      const { name, message } = error as Error;
      const why = name === "TimeoutError" ? `no answer from etcd within ${ACT_MS / 1000} s` : message;
      sendJson(response, 409, { error: redactText(why) });
    }
  }

  try {
    port = await listen(server, settings.port);
  } catch (error) {
    feed.close();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}/${token}/`,
    close: async () => {
      feed.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The whole at first, then what changes, as server-sent events. */
async function follow(feed: FleetFeed, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const tell = (event: string, data: unknown) => {
    if (response.writableLength > MOST_UNREAD) response.destroy();
    else response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  tell("fleet", feed.fleet);
  const end = feed.listen((update) => tell("update", update));
  try {
    while (!gone.signal.aborted) {
      await wait(BEAT_MS, undefined, { signal: gone.signal });
      tell("beat", {});
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    end();
  }
}

function moved(response: ServerResponse, location: string): void {
  response.writeHead(308, { location }).end();
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    // Read to its end, or the answer would not arrive.
    if (text.length <= MOST_BYTES) text += chunk;
  }
  if (text.length > MOST_BYTES) return {};
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new Error(`cannot listen on 127.0.0.1, port ${port}: ${error.message}; try --port 0`)),
    );
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function sendAsset(response: ServerResponse, { type, content }: Asset): void {
  response.writeHead(200, { "content-type": type }).end(content);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", JSON.stringify(body));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type }).end(body);
}
