import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";

export interface HttpServer {
  readonly server: Server;
  readonly address: string;
  readonly requests: { host: string; url: string; method: string; body: string }[];
  status: number;
  delayMs: number;
  /** Answers begin, and do not end. */
  endless: boolean;
  close(): void;
}

/** Answers with its name, by the status and after the delay that it is given; `/hang` never. */
export async function startHttp(name: string, port = 0, tls?: { key: string; cert: string }): Promise<HttpServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return; // given up before it was sent as a whole
    }
    http.requests.push({ host: request.headers.host ?? "", url: request.url!, method: request.method!, body });
    if (request.url === "/hang") return;
    if (http.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, http.delayMs));
    response.statusCode = http.status;
    if (http.endless) response.write(name);
    else response.end(name);
  };
  const server = (tls ? createSecureServer(tls, answer) : createServer(answer)) as Server;
  // It ends no idle connection: on a full machine that could meet a request.
  server.keepAliveTimeout = 0;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const http: HttpServer = {
    server,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    status: 200,
    delayMs: 0,
    endless: false,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return http;
}

/** Accepts connections and ends them. */
export async function startEnding(): Promise<Pick<HttpServer, "address" | "close">> {
  const server = createTcpServer((socket) => socket.on("error", () => {}).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
