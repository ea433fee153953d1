import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import "../../src/register.js";
import { sleep } from "../../src/async/backoff.js";
import { createKubernetesBackend } from "../../src/backends/kubernetes/index.js";
import { registerBackend } from "../../src/backends/table.js";
import { createServer, type Server } from "../../src/grpc/server/server.js";
import { EchoClient, type EchoReply, EchoService, echoHandlers, say } from "../support/echo.js";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";
import { endpoint, LEAVING, Pod, slice } from "./pod.js";

/** A pod of the service `order`, as its kubelet and the EndpointSlice controller treat it. */
class OrderPod {
  readonly #cluster: KubeApiServer;
  readonly #name: string;
  readonly #server: Server;

  constructor(cluster: KubeApiServer, name: string) {
    this.#cluster = cluster;
    this.#name = name;
    const config = { ListenOn: "127.0.0.1:0", CpuThreshold: 0, Shutdown: { WrapUpTime: 500, WaitTime: 30_000 } };
    this.#server = createServer(
      config,
      (server) =>
        server.addService(
          EchoService,
          echoHandlers(() => name),
        ),
      {
        signals: false,
      },
    );
  }

  /** Serves, and is listed once its readiness probe has succeeded. */
  async start(): Promise<void> {
    await this.#server.start();
    this.#list({});
  }

  /** SIGTERM and the change of the slice go out at the same time, and the slice is the slower of the two. */
  async terminate(): Promise<void> {
    const stopped = this.#server.stop();
    await sleep(100 * Math.random());
    this.#list(LEAVING);
    await stopped;
    this.#cluster.delete("shop", this.#name);
  }

  /** Pods here share an address, so each has a slice with its own port. */
  #list(conditions: object): void {
    const ports = [{ name: "grpc", port: this.#server.port, protocol: "TCP" }];
    this.#cluster.apply(slice(this.#name, [endpoint("127.0.0.1", conditions)], { ports }));
  }
}

test("a rolling restart loses no call, unary or streaming, also while the API server is away", async () => {
  const cluster = new KubeApiServer();
  await cluster.start();
  const account = new Pod({ port: cluster.port, ca: cluster.certificate.cert, token: "reader", namespace: "shop" });
  registerBackend("k8s", createKubernetesBackend(account.options));

  let pods = await Promise.all([1, 2, 3].map((at) => started(cluster, `order-0-${at}`)));
  const client = new EchoClient("k8s:///order:grpc", grpc.credentials.createInsecure());
  const calls = new Calls(client);
  for (let round = 1; round <= 3; round++) {
    for (const [at, pod] of pods.entries()) {
      pods = pods.with(at, await started(cluster, `order-${round}-${at}`));
      await pod.terminate();
    }
    await cluster.stop();
    await calls.more(100);
    await cluster.start();
  }
  await calls.end();
  console.log(`rolling restart through k8s://: ${calls.made} calls, ${calls.failures.length} failed, 9 pods replaced`);
  assert.deepEqual(calls.failures, []);
  // The load was there, and it moved: in the end the last round's pods answer.
  assert.ok(calls.made > 500, `${calls.made} calls`);
  assert.deepEqual([...new Set(await answers(client, 60))].sort(), ["order-3-0", "order-3-1", "order-3-2"]);

  client.close();
  await Promise.all(pods.map((pod) => pod.terminate()));
  await cluster.stop();
  account.remove();
});

async function started(cluster: KubeApiServer, name: string): Promise<OrderPod> {
  const pod = new OrderPod(cluster, name);
  await pod.start();
  return pod;
}

async function answers(client: EchoClient, calls: number): Promise<string[]> {
  const replies = await Promise.all(Array.from({ length: calls }, () => say(client, {}, within())));
  return replies.map(({ instance }) => instance);
}

/** Calls without pause: some unary, some streams that outlive a step of the restart's draining. */
class Calls {
  made = 0;
  readonly failures: string[] = [];
  readonly #client: EchoClient;
  readonly #callers: Promise<void>[];
  #ending = false;
  #wake = () => {};

  constructor(client: EchoClient) {
    this.#client = client;
    const kinds = [...Array(8).fill(() => say(client, {}, within())), ...Array(2).fill(() => this.#chat())];
    this.#callers = kinds.map((call) => this.#repeat(call));
  }

  async more(calls: number): Promise<void> {
    const wanted = this.made + calls;
    while (this.made < wanted) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#callers);
  }

  async #repeat(call: () => Promise<unknown>): Promise<void> {
    while (!this.#ending) {
      await call().catch((error: Error) => this.failures.push(error.message));
      this.made += 1;
      this.#wake();
      await sleep(5);
    }
  }

  /** A conversation of ten messages. */
  #chat(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#client.chat(within());
      let heard = 0;
      stream.on("data", (_: EchoReply) => {
        heard += 1;
        if (heard < 10) setTimeout(() => stream.write({}), 20);
        else stream.end();
      });
      stream.on("end", resolve);
      stream.on("error", reject);
      stream.write({});
    });
  }
}

function within(): grpc.CallOptions {
  return { deadline: Date.now() + 10_000 };
}
