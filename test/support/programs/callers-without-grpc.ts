import assert from "node:assert/strict";
import { request } from "node:http";
import { createClient } from "@connectrpc/connect";
import { Agent } from "undici";
import type { FoundOrder } from "../../../examples/order/order.js";
import { Order } from "../../../examples/order/order-schema.js";
import { createRollcallTransport } from "../../../src/connect/index.js";
import { createPool } from "../../../src/pool/index.js";
import { rollcallInterceptor } from "../../../src/undici/index.js";
import type { CallerMaker } from "./callers.js";

const targetOf = (etcd: string, key: string) => `etcd:///${etcd}?key=${key}`;

/** A client of Connect, over one of its three protocols. */
export function connectCaller(protocol: "connect" | "grpc" | "grpc-web"): CallerMaker {
  return (etcd, key) => {
    const transport = createRollcallTransport({ target: targetOf(etcd, key), protocol });
    const client = createClient(Order, transport);
    return {
      call: async () => (await client.find({ id: "1" }, { timeoutMs: 10_000 })).servedBy,
      close: () => void transport.close(),
    };
  };
}

/** Node's own fetch, with Rollcall's interceptor. */
export const fetchCaller: CallerMaker = (etcd, key) => {
  const interceptor = rollcallInterceptor(targetOf(etcd, key));
  const agent = new Agent();
  const dispatcher = agent.compose(interceptor) as object;
  return {
    async call() {
      const answer = await fetch("http://order.http/orders/1", { dispatcher } as object);
      assert.equal(answer.status, 200);
      return ((await answer.json()) as FoundOrder).servedBy;
    },
    close: () => void interceptor.close().then(() => agent.destroy()),
  };
};

/** Plain node:http, a connection for each request. */
export const poolCaller: CallerMaker = (etcd, key) => {
  const pool = createPool(targetOf(etcd, key), { connect: (_instance, { address }) => address });
  const get = ({ host, port }: { host: string; port: number }) =>
    new Promise<string>((resolve, reject) => {
      const asked = request({ host, port, path: "/orders/1", agent: false }, async (response) => {
        let body = "";
        for await (const chunk of response) body += chunk;
        resolve((JSON.parse(body) as FoundOrder).servedBy);
      });
      asked.on("error", reject).end();
    });
  return { call: () => pool.run(get), close: () => void pool.close() };
};
