import { after } from "node:test";
import * as grpc from "@grpc/grpc-js";
import "../../../src/register.js";
import { EchoClient, startBareEcho } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";

export const registry = new FixtureRegistry();

// What ends with the test file.
export const open: { close(): void }[] = [];
after(() => {
  for (const one of open) one.close();
});

export async function echoes(n: number) {
  const servers = await Promise.all(Array.from({ length: n }, () => startBareEcho()));
  for (const server of servers) open.push({ close: server.stop });
  return servers;
}

/** A bare grpc-js client of a service of the registry. */
export function clientOf(service: string, options?: grpc.ClientOptions): EchoClient {
  const client = new EchoClient(registry.target(service), grpc.credentials.createInsecure(), options);
  open.push(client);
  return client;
}

/** How many connections a server has. */
export const connectionsOf = ({ server }: { server: grpc.Server }) =>
  new Promise<number>((resolve, reject) => {
    const [http2] = (
      server as unknown as { http2Servers: Map<import("node:net").Server, unknown> }
    ).http2Servers.keys();
    http2!.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

/** Stops a server as a deploy does; resolves when its last stream has ended. */
export const stopped = ({ server }: { server: grpc.Server }) =>
  new Promise<void>((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve())));
