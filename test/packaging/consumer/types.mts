import type { Server as GrpcServer, ServiceClientConstructor } from "@grpc/grpc-js";
import {
  type Backend,
  createChannel,
  createClient,
  createServer,
  type Instance,
  loadConfig,
  registerBackend,
  rpcClientConfig,
  rpcServerConfig,
  type Server,
  setLogger,
} from "rollcall";
import { P2cEwma } from "rollcall/balancer";
import { type DevRegistry, startDevRegistry } from "rollcall/dev-registry";
import { etcdBackend } from "rollcall/etcd";
import "rollcall/register";

export type { TestedBackend } from "rollcall/backend-tests";
export type { Pool } from "rollcall/pool";

export async function main(Order: ServiceClientConstructor, build: (server: GrpcServer) => void): Promise<void> {
  const config = await loadConfig("cart.yaml", rpcServerConfig.extend({ OrderRpc: rpcClientConfig }));
  const server: Server = createServer(config, build);
  await server.start();
  const address: string | undefined = server.address;
  createClient(Order, config.OrderRpc).close();
  createChannel({ Endpoints: ["127.0.0.1:8080"] }).close();
  // @ts-expect-error: the types are real ones, so that a wrong one is refused
  const wrong: string = config.OrderRpc.Timeout;

  const instances: Instance[] = [{ address: "127.0.0.1:8080", weight: 2 }];
  const backend: Backend = {
    discovery: () => ({
      async *watch() {
        yield instances;
      },
    }),
  };
  registerBackend("fixed", backend);
  registerBackend("etcd2", etcdBackend);
  setLogger(console);

  const registry: DevRegistry = await startDevRegistry();
  const balancer = new P2cEwma<string>();
  balancer.set(["a", "b"]);
  const key: string | undefined = balancer.pick()?.key;
  console.log(address, wrong, registry.endpoint, key);
}
