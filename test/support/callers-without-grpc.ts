import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { Agent, fetch } from "undici";
import type { FoundOrder } from "../../examples/order/order.js";
import { Order } from "../../examples/order/order-schema.js";
import { createRollcallTransport } from "../../src/connect/index.js";
import { rollcallInterceptor } from "../../src/undici/index.js";
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

/** undici's fetch, with Rollcall's interceptor. */
export const fetchCaller: CallerMaker = (etcd, key) => {
  const dispatcher = new Agent().compose(rollcallInterceptor(targetOf(etcd, key)));
  return {
    async call() {
      const answer = await fetch("http://order.http/orders/1", { dispatcher });
      assert.equal(answer.status, 200);
      return ((await answer.json()) as FoundOrder).servedBy;
    },
    close: () => void dispatcher.close(),
  };
};
