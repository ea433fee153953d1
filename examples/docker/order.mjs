// An instance of order.rpc: `node order.mjs etc/order.yaml`.
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { createServer, loadConfig, rpcServerConfig } from "rollcall";

const config = await loadConfig(process.argv[2], rpcServerConfig);
const { order } = loadPackageDefinition(loadSync("order.proto"));
const server = createServer(config, (s) =>
  s.addService(order.Order.service, {
    find: ({ request }, callback) => callback(null, { id: request.id, servedBy: server.address }),
  }),
);
await server.start();
