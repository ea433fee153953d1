import * as grpc from "@grpc/grpc-js";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../src/proto/health.js";
import { EchoService, echoHandlers } from "../echo.js";

type WatchCall = grpc.ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

export interface HealthServer {
  readonly address: string;
  readonly server: grpc.Server;
  /** Watches so far, by the service asked for. */
  readonly asked: string[];
  /** Tells all who watch. */
  tell(status: Status): void;
  stop(): void;
}

/** An echo server whose health Watch does as a test says. Check answers SERVING. */
export async function startHealthServer(
  watch: (call: WatchCall) => void,
  options: grpc.ServerOptions = {},
): Promise<HealthServer> {
  const server = new grpc.Server(options);
  const asked: string[] = [];
  const watching = new Set<WatchCall>();
  let address = "";
  server.addService(
    EchoService,
    echoHandlers(() => address),
  );
  server.addService(HealthService, {
    check: (_call: unknown, callback: grpc.sendUnaryData<HealthCheckResponse>) =>
      callback(null, { status: Status.SERVING }),
    watch: (call: WatchCall) => {
      asked.push(call.request.service);
      watching.add(call);
      call.on("cancelled", () => watching.delete(call));
      watch(call);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  address = `127.0.0.1:${port}`;
  return {
    address,
    server,
    asked,
    tell: (status) => {
      for (const call of watching) call.write({ status });
    },
    stop: () => server.forceShutdown(),
  };
}
