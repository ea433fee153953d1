import { after } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createServer, type Server, type ServerSettings } from "../../../src/grpc/server/server.js";
import type { ServerConfig } from "../../../src/grpc/server/server-config.js";
import { EchoClient, EchoService, echoHandlers } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";

export const registry = new FixtureRegistry("served");

// What ends with the test file.
export const open: { close(): void }[] = [];
export const servers: Server[] = [];
after(async () => {
  for (const one of open) one.close();
  await Promise.all(servers.map((server) => server.stop()));
});

export function echoServer(config: Partial<ServerConfig> = {}, settings: ServerSettings = {}, handlers = {}): Server {
  let server: Server;
  const build = (s: grpc.Server) =>
    s.addService(EchoService, { ...echoHandlers(() => server.address ?? "?"), ...handlers });
  const Shutdown = { WrapUpTime: 50, WaitTime: 2_000 };
  server = createServer({ ListenOn: "127.0.0.1:0", Shutdown, ...config }, build, { signals: false, ...settings });
  servers.push(server);
  return server;
}

export function clientOf(server: Server): EchoClient {
  const client = new EchoClient(server.address!, grpc.credentials.createInsecure());
  open.push(client);
  return client;
}
