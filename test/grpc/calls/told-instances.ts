import * as grpc from "@grpc/grpc-js";
import type { ClientConfig } from "../../../src/config/schema/client-target.js";
import { createClient } from "../../../src/grpc/client/client.js";
import { EchoClient, type EchoRequest, EchoService, echoHandlers, say } from "../../support/echo.js";
import { until } from "../../support/until.js";

const open: { close(): void }[] = [];

/** Ends all instances and clients of a test file. */
export function closeAll(): void {
  for (const one of open) one.close();
}

export type Handler = grpc.handleUnaryCall<EchoRequest, object>;

/** An instance that does with calls what a test tells it. */
export class Instance {
  readonly address: string;
  /** What it does with calls; answers by default. */
  handler: Handler | undefined;
  calls = 0;
  cancelled = 0;
  /** Calls that it holds for a test that makes some hang. */
  hanging = 0;

  private constructor(port: number) {
    this.address = `127.0.0.1:${port}`;
  }

  static async start(): Promise<Instance> {
    const server = new grpc.Server();
    let instance: Instance | undefined;
    const handlers: grpc.UntypedServiceImplementation = {
      ...echoHandlers(() => instance!.address),
      say: (call: grpc.ServerUnaryCall<EchoRequest, object>, callback: grpc.sendUnaryData<object>) => {
        instance!.calls += 1;
        call.on("cancelled", () => {
          instance!.cancelled += 1;
        });
        if (instance!.handler) instance!.handler(call, callback);
        else callback(null, { instance: instance!.address });
      },
    };
    server.addService(EchoService, handlers);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    instance = new Instance(port);
    open.push({ close: () => server.forceShutdown() });
    return instance;
  }
}

export async function instances(count: number): Promise<Instance[]> {
  return Promise.all(Array.from({ length: count }, () => Instance.start()));
}

export function clientOf(servers: readonly Instance[], config: Omit<ClientConfig, "Endpoints">): EchoClient {
  const client = createClient(EchoClient, { Endpoints: servers.map(({ address }) => address), ...config });
  open.push(client);
  return client;
}

/** A client that knows all servers and has connected to each. */
export async function connected(client: EchoClient, servers: readonly Instance[]): Promise<void> {
  await until(async () => {
    await say(client, {}, { deadline: Date.now() + 10_000 });
    return servers.every(({ calls }) => calls > 0);
  }, "every instance is connected to");
  for (const server of servers) server.calls = 0;
}

/** A client with only a URL and a service config. */
export function bareClientOf(servers: readonly Instance[], methodConfig: object): EchoClient {
  const url = `direct:///${servers.map(({ address }) => address).join(",")}`;
  const client = new EchoClient(url, grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ methodConfig: [{ name: [{}], ...methodConfig }] }),
  });
  open.push(client);
  return client;
}

export const hangs: Handler = () => {};
export const unavailable: Handler = (_call, callback) =>
  callback({ code: grpc.status.UNAVAILABLE, details: "not now" });

/** Calls until their latency is known and some second copies are saved up. */
export async function warm(client: EchoClient, calls = 600): Promise<void> {
  for (let made = 0; made < calls; made += 5) await Promise.all(Array.from({ length: 5 }, () => say(client)));
}
