// A client that verifies the service's name, order.rpc, and shows its own certificate.
import { readFileSync } from "node:fs";
import { credentials } from "@grpc/grpc-js";
import { createClient } from "rollcall";
import { find, OrderClient } from "../order/order.js";

const [ca, key, certificate] = ["ca.pem", "shop.key", "shop.pem"].map((file) => readFileSync(`certs/${file}`));
const orders = createClient(
  OrderClient,
  { Etcd: { Hosts: ["127.0.0.1:2379"], Key: "order.rpc" } },
  { credentials: credentials.createSsl(ca, key, certificate) },
);
console.log(await find(orders, "1"));
orders.close();
