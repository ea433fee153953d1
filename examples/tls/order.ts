// A server that shows its certificate and asks for its clients'. New files are taken up without a restart.
import { experimental } from "@grpc/grpc-js";
import { createServer } from "rollcall";
import { type OrderHandlers, OrderService } from "../order/order.js";

const files = new experimental.FileWatcherCertificateProvider({
  caCertificateFile: "certs/ca.pem",
  certificateFile: "certs/order.pem",
  privateKeyFile: "certs/order.key",
  refreshIntervalMs: 1_000,
});
const credentials = experimental.createCertificateProviderServerCredentials(files, files, true);

const orders: OrderHandlers = {
  find: ({ request }, callback) => callback(null, { id: request.id, servedBy: server.address ?? "" }),
};
const server = createServer(
  { ListenOn: "0.0.0.0:8080", Etcd: { Hosts: ["127.0.0.1:2379"], Key: "order.rpc" } },
  (s) => s.addService(OrderService, orders),
  { credentials },
);
await server.start();
