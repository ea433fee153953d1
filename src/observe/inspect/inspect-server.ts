import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { log } from "../../log.js";
import { processState } from "../collect.js";
import { recordingOf } from "../decisions/recording.js";
import { clients } from "../sources.js";
import { checkedInspectSocket, makeInspectDir } from "./inspect-address.js";
import { knock } from "./knock.js";

/** What is answered, all of it JSON and none of it a secret. Nothing here acts. */
const ROUTES: Readonly<Record<string, (query: URLSearchParams) => unknown>> = {
  "/state": () => processState(),
  "/decisions": (query) => chosen(query).flatMap((client) => client.decisions()),
  "/recording": (query) => chosen(query).map((client) => recordingOf(client.state(), client.decisions())),
};

/**
 * Serves this process's state, decisions and recordings to its own user, on a unix socket that nobody else can open. Holds
 * no process. Never on a network: what is told here may say more than the world should know.
 * @returns what ends it.
 * @throws Error when the socket cannot be made.
 */
export async function serveInspection(): Promise<() => Promise<void>> {
  checkedInspectSocket(process.pid);
  makeInspectDir();
  const path = await freeSocket();
  const server = createServer(answer);
  server.unref();
  // Nobody else can open the folder, so that the moment between the two is nobody's.
  await listening(server, path);
  chmodSync(path, 0o600);
  const remove = () => rmSync(path, { force: true });
  process.once("exit", remove);
  log.debug({ socket: path }, "this process can be inspected");
  return async () => {
    process.off("exit", remove);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    remove();
  };
}

/** A name at which nobody listens: a container that shares the folder may have a process of this number too. */
async function freeSocket(): Promise<string> {
  let n = 1;
  while (await knock(checkedInspectSocket(process.pid, n))) n++;
  const path = checkedInspectSocket(process.pid, n);
  // Of an earlier process with this number.
  rmSync(path, { force: true });
  return path;
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`cannot listen on ${path}: ${error.message}`, { cause: error })));
    server.listen(path, resolve);
  });
}

function answer({ url = "", method }: IncomingMessage, response: ServerResponse): void {
  response.req.socket.unref();
  try {
    const { pathname, searchParams } = new URL(url, "http://inspect");
    const route = Object.hasOwn(ROUTES, pathname) ? ROUTES[pathname] : undefined;
    if (route && method === "GET") send(response, 200, route(searchParams));
    else send(response, 404, { error: `only GET ${Object.keys(ROUTES).join(", ")}` });
  } catch (error) {
    send(response, 500, { error: (error as Error).message });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

function chosen(query: URLSearchParams) {
  const service = query.get("service");
  return [...clients].filter((client) => service === null || client.service === service);
}
