// A Connect client: each call goes to a lightly loaded instance. protocol may be "connect", "grpc" or "grpc-web".
import { createClient } from "@connectrpc/connect";
import { createRollcallTransport } from "rollcall/connect";
import { Order } from "../order/order-schema.js";

const transport = createRollcallTransport({ target: "etcd:///127.0.0.1:2379?key=order.rpc", protocol: "connect" });
const orders = createClient(Order, transport);
console.log(await orders.find({ id: "1" }, { timeoutMs: 2_000 }));
