import type { Server as TcpServer } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { EchoService, echoHandlers } from "../support/echo.js";
import { freePort } from "../support/network/ports.js";
import { until } from "../support/until.js";

/** An echo server that answers by its IP address, and counts who connects to it. */
export interface EchoAt {
  readonly ip: string;
  /** Connections so far. */
  connections: number;
  /** Connections now. */
  open: number;
}

/** Echo servers that differ in their IP addresses only, as DNS can tell them apart: 127.0.4.1, 127.0.4.2, and so on. */
export class EchoFleet {
  readonly port: number;
  readonly instances: readonly EchoAt[];
  readonly #servers: readonly grpc.Server[];

  private constructor(port: number, instances: readonly EchoAt[], servers: readonly grpc.Server[]) {
    this.port = port;
    this.instances = instances;
    this.#servers = servers;
  }

  static async start(count: number): Promise<EchoFleet> {
    const port = await freePort();
    const instances = Array.from({ length: count }, (_, i) => ({ ip: `127.0.4.${i + 1}`, connections: 0, open: 0 }));
    return new EchoFleet(port, instances, await Promise.all(instances.map((instance) => serve(instance, port))));
  }

  get ips(): string[] {
    return this.instances.map(({ ip }) => ip);
  }

  stop(): void {
    for (const server of this.#servers) server.forceShutdown();
  }
}

async function serve(instance: EchoAt, port: number): Promise<grpc.Server> {
  const server = new grpc.Server();
  server.addService(
    EchoService,
    echoHandlers(() => instance.ip),
  );
  await new Promise<void>((resolve, reject) => {
    const bound = (error: Error | null) => (error ? reject(error) : resolve());
    server.bindAsync(`${instance.ip}:${port}`, grpc.ServerCredentials.createInsecure(), bound);
  });
  const [listener] = (server as unknown as { http2Servers: Map<TcpServer, unknown> }).http2Servers.keys();
  listener!.on("connection", (socket) => {
    instance.connections += 1;
    instance.open += 1;
    socket.on("close", () => {
      instance.open -= 1;
    });
  });
  return server;
}

export function disconnected(instance: EchoAt): Promise<void> {
  return until(() => instance.open === 0, `the connection to ${instance.ip} is closed`);
}
