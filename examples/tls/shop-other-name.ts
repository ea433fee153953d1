// A client of a service whose certificates have another name than its key.
import { readFileSync } from "node:fs";
import { credentials } from "@grpc/grpc-js";
import { createClient } from "rollcall";
import { find, OrderClient } from "../order/order.js";

const [ca, key, certificate] = ["ca.pem", "shop.key", "shop.pem"].map((file) => readFileSync(`certs/${file}`));
const orders = createClient(
  OrderClient,
  { Endpoints: ["127.0.0.1:8080"] },
  {
    credentials: credentials.createSsl(ca, key, certificate),
    channelOptions: { "grpc.ssl_target_name_override": "order.rpc", "grpc.default_authority": "order.rpc" },
  },
);
console.log(await find(orders, "1"));
orders.close();
