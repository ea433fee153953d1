import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { Server } from "../../../src/grpc/server/server.js";
import { open } from "./echo-servers.js";

// Read from the protocol's own file: what others' clients send and expect.
const HealthService = loadSync("proto/health.proto", { enums: String, defaults: true })[
  "grpc.health.v1.Health"
] as grpc.ServiceDefinition;
const HealthClient = grpc.makeClientConstructor(HealthService, "Health") as unknown as new (
  address: string,
  credentials: grpc.ChannelCredentials,
) => grpc.Client & {
  [method in "check" | "list"]: (
    request: object,
    callback: (error: grpc.ServiceError | null, reply: never) => void,
  ) => void;
} & { watch(request: object): grpc.ClientReadableStream<{ status: string }> };

/** Asks as kubelet, grpc_health_probe and the like do. */
export function healthOf(server: Server) {
  const client = new HealthClient(server.address!, grpc.credentials.createInsecure());
  open.push(client);
  const ask = <T>(method: "check" | "list", request: object) =>
    new Promise<T>((resolve, reject) => {
      client[method](request, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  return {
    check: async (service: string) => (await ask<{ status: string }>("check", { service })).status,
    list: async () => (await ask<{ statuses: Record<string, { status: string }> }>("list", {})).statuses,
    watch: (service: string) => client.watch({ service }),
  };
}
