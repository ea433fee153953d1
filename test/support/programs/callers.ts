import assert from "node:assert/strict";
import { credentials } from "@grpc/grpc-js";
import { ClientProxyFactory } from "@nestjs/microservices";
import { createClient as createNiceClient } from "nice-grpc";
import { firstValueFrom, type Observable } from "rxjs";
import { type FoundOrder, find, OrderClient, OrderService } from "../../../examples/order/order.js";
import { EtcdDiscovery } from "../../../src/backends/etcd/index.js";
import { createChannel } from "../../../src/grpc/client/channel.js";
import { createClient } from "../../../src/grpc/client/client.js";
import { rollcallClient } from "../../../src/nestjs/index.js";
import "../../../src/register.js";
import { until } from "../until.js";

/** What calls the instances that are listed under a key, whichever they are. */
export interface Caller {
  /** Resolves with the number of the process that answered. */
  call(): Promise<string>;
  close(): void;
}

export type CallerMaker = (etcd: string, key: string) => Caller;

const configOf = (etcd: string, Key: string) => ({ Etcd: { Hosts: [etcd], Key }, Timeout: 10_000 });

/** A grpc-js client made by createClient. */
export const grpcCaller: CallerMaker = (etcd, key) => {
  const client = createClient(OrderClient, configOf(etcd, key));
  return { call: async () => (await find(client, "1")).servedBy, close: () => client.close() };
};

/** A bare grpc-js client with a URL: `import "rollcall/register"` is all. */
export const bareCaller: CallerMaker = (etcd, key) => {
  const client = new OrderClient(`etcd:///${etcd}?key=${key}`, credentials.createInsecure());
  const find = (deadline: Date) =>
    new Promise<FoundOrder>((resolve, reject) => {
      client.find({ id: "1" }, { deadline }, (error, found) => (error ? reject(error) : resolve(found!)));
    });
  return {
    call: async () => (await find(new Date(Date.now() + 10_000))).servedBy,
    close: () => client.close(),
  };
};

/** createClient with retries, which take calls of an instance that dies elsewhere. */
export const retryingCaller: CallerMaker = (etcd, key) => {
  const client = createClient(OrderClient, { ...configOf(etcd, key), Retry: {} });
  return { call: async () => (await find(client, "1")).servedBy, close: () => client.close() };
};

/** Nest's client, as ClientsModule makes it. */
export const nestCaller: CallerMaker = (etcd, key) => {
  const options = { package: "order", protoPath: "examples/order/order.proto" };
  const client = ClientProxyFactory.create(rollcallClient(configOf(etcd, key), options));
  const orders = (client as unknown as NestClient).getService("Order");
  return { call: async () => (await firstValueFrom(orders.find({ id: "1" }))).servedBy, close: () => client.close() };
};

interface NestClient {
  getService(name: string): { find(request: { id: string }): Observable<FoundOrder> };
}

/** nice-grpc's client over a channel. */
export const niceCaller: CallerMaker = (etcd, key) => {
  const channel = createChannel(configOf(etcd, key));
  const client = createNiceClient(OrderService, channel);
  return {
    call: async () => ((await client.find({ id: "1" })) as FoundOrder).servedBy,
    close: () => channel.close(),
  };
};

/** fetch on the instances in turn, over connections that are kept alive. */
export const httpCaller: CallerMaker = (etcd, key) => {
  const abort = new AbortController();
  let listed: string[] = [];
  let calls = 0;
  void (async () => {
    const discovery = new EtcdDiscovery({ hosts: [etcd] });
    for await (const set of discovery.watch(key, abort)) listed = set.map(({ address }) => address);
  })();
  return {
    async call() {
      await until(() => listed.length > 0, "somebody is listed");
      calls += 1;
      const answer = await fetch(`http://${listed[calls % listed.length]}/`);
      assert.equal(answer.status, 200);
      return ((await answer.json()) as FoundOrder).servedBy;
    },
    close: () => abort.abort(),
  };
};

/** How many call at once, without a pause but for a breath of 5 ms. */
export const CALLERS = 8;

/** Eight callers; what they met. */
export class EightCallers {
  readonly answered = new Map<string, number>();
  readonly failed: string[] = [];
  readonly #caller: Caller;
  readonly #ended: Promise<unknown>;
  #calling = true;

  constructor(caller: Caller) {
    this.#caller = caller;
    this.#ended = Promise.all(Array.from({ length: CALLERS }, () => this.#callOn()));
  }

  get calls(): number {
    return [...this.answered.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when this process has answered so many calls more. */
  async reach(pid: number | undefined, more = 20): Promise<void> {
    const count = () => this.answered.get(String(pid)) ?? 0;
    const before = count();
    await until(() => count() >= before + more, `process ${pid} is called`);
  }

  async end(): Promise<void> {
    this.#calling = false;
    await this.#ended;
    this.#caller.close();
  }

  async #callOn(): Promise<void> {
    while (this.#calling) {
      await this.#caller.call().then(
        (servedBy) => this.answered.set(servedBy, (this.answered.get(servedBy) ?? 0) + 1),
        (error: Error) => this.failed.push(`${error.message} ${error.cause ?? ""}`),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
