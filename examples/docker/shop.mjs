// Calls order.rpc once a second: `node shop.mjs etc/shop.yaml`.
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { createClient, loadConfig, rpcClientConfig } from "rollcall";

const { OrderRpc } = await loadConfig(process.argv[2], { OrderRpc: rpcClientConfig });
const { order } = loadPackageDefinition(loadSync("order.proto"));
const orders = createClient(order.Order, OrderRpc);
const timer = setInterval(() => {
  orders.find({ id: "1" }, (error, found) => console.log(error?.message ?? `served by ${found.servedBy}`));
}, 1000);
process.once("SIGTERM", () => {
  clearInterval(timer);
  orders.close();
});
