// A client by nice-grpc, twice: on a channel with deadlines and retries, and by URL alone.
import { createClient, createChannel as createNiceChannel } from "nice-grpc";
import { createChannel } from "rollcall";
import "rollcall/register";
import { type FoundOrder, OrderService } from "../order/order.js";

const channel = createChannel({ Etcd: { Hosts: ["127.0.0.1:2379"], Key: "order.rpc" }, Timeout: 1_000, Retry: {} });
const orders = createClient(OrderService, channel);
console.log((await orders.find({ id: "1" })) as FoundOrder);
channel.close();

const byUrl = createNiceChannel("etcd:///127.0.0.1:2379?key=order.rpc");
console.log((await createClient(OrderService, byUrl).find({ id: "2" })) as FoundOrder);
byUrl.close();
