// fetch: each request goes to a lightly loaded instance of the service.
import { rollcallInterceptor } from "rollcall/undici";
import { Agent, fetch } from "undici";

const dispatcher = new Agent().compose(rollcallInterceptor("etcd:///127.0.0.1:2379?key=order.http"));
const answer = await fetch("http://order.http/orders/1", { dispatcher });
console.log(await answer.json());
