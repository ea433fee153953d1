// A client that takes up new files, its own certificate's and the authority's, without a restart.
import { experimental } from "@grpc/grpc-js";
import { createClient } from "rollcall";
import { find, OrderClient } from "../order/order.js";

const files = new experimental.FileWatcherCertificateProvider({
  caCertificateFile: "certs/ca.pem",
  certificateFile: "certs/shop.pem",
  privateKeyFile: "certs/shop.key",
  refreshIntervalMs: 1_000,
});
const orders = createClient(
  OrderClient,
  { Etcd: { Hosts: ["127.0.0.1:2379"], Key: "order.rpc" } },
  { credentials: experimental.createCertificateProviderChannelCredentials(files, files) },
);
console.log(await find(orders, "1"));
orders.close();
